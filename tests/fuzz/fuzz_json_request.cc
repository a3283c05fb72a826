#include <cstddef>
#include <cstdint>
#include <string_view>

#include <google/protobuf/struct.pb.h>

#include "idnode/v1/enterprise.pb.h"
#include "idnode/v1/registration.pb.h"
#include "idnode/v1/resolution.pb.h"
#include "idnode/v1/template.pb.h"
#include "node/base/check.h"
#include "node/frontend/http/proto_json.h"

using namespace idnode;
using namespace idnode::frontend::http;

// Bodies of HTTP requests: what is read is written and read again as the same message.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  v1::BatchRegisterRequest request;
  if (ParseJson(json, request).ok()) {
    v1::BatchRegisterRequest again;
    IDNODE_CHECK(ParseJson(ToJson(request), again).ok());
    IDNODE_CHECK(again.items_size() == request.items_size());
  }
  v1::UpdateItem update;
  (void)ParseJson(json, update).ok();
  v1::BatchResolveRequest resolve;
  (void)ParseJson(json, resolve).ok();
  v1::CreateEnterpriseRequest enterprise;
  if (ParseJson(json, enterprise).ok()) (void)ToJson(enterprise);
  v1::PutTemplateRequest put;
  if (ParseJson(json, put).ok()) (void)ToJson(put);
  google::protobuf::Struct patch;
  (void)ParseJson(json, patch).ok();
  return 0;
}
