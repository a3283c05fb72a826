#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "idnode/v1/access.pb.h"
#include "idnode/v1/enterprise.pb.h"
#include "node/base/result.h"
#include "node/cli/text.h"

/// Words of roles, states and visibilities: as options take them, and as people read them.
namespace idnode::cli {

/// "in-audit", or 审核中.
std::string PrefixStateText(v1::PrefixState state, Language language);
/// "in-audit", as `--set` takes it; empty for a state that is not known.
std::string_view PrefixStateWord(v1::PrefixState state);
/// PREFIX_STATE_UNSPECIFIED for a word that is none.
v1::PrefixState PrefixStateOf(std::string_view word);
const std::vector<std::string>& PrefixStateWords();

std::string RoleText(v1::Role role, Language language);
v1::Role RoleOf(std::string_view word);

std::string HostingText(v1::Hosting hosting, Language language);
std::string VisibilityText(v1::Visibility visibility, Language language);

/// "192.0.2.7 tcp 2641 http 8080", with brackets around IPv6; empty where there is no address.
std::string RouteText(const v1::PrefixRoute& route);

}  // namespace idnode::cli
