#pragma once

#include "node/service/audit_log.h"
#include "node/service/disclosure.h"
#include "node/service/enterprise_registry.h"
#include "node/service/grant_store.h"
#include "node/service/template_registry.h"
#include "node/service/throttle.h"
#include "node/service/user_store.h"

namespace idnode::service {

/// What administration works with, beside AccessControl and PrefixRegistry. References live longer
/// than any front end.
struct Administration {
  AuditLog& audit;
  EnterpriseRegistry& enterprises;
  TemplateRegistry& templates;
  GrantStore& grants;
  UserStore& users;
  DisclosurePolicy& disclosure;
  Throttle& throttle;
};

}  // namespace idnode::service
