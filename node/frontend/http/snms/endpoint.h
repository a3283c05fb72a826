#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "node/frontend/beast_util/message.h"

namespace idnode::frontend::http::snms {

/// What a path does; also the `operation` label of metrics.
enum class Endpoint : std::uint8_t {
  kToken,
  kTokenDaily,
  kDetail,
  kCreate,
  kUpdate,
  kDelete,
  kBatchCreate,
  kBatchUpdate,
  kBatchDelete,
  kTemplateGet,
  kTemplateCreate,
  kTemplateUpdate,
  kTemplateDelete,
  kEnterpriseApply,
  kEnterpriseUpgrade,
  kEnterprisePage,
  kEnterpriseDetail,
  kEnterpriseConfig,
  kPrefixQuery,
  kPrefixPage,
  kFileUpload,
  kResolve,
  kNone,
};
inline constexpr std::size_t kEndpoints = static_cast<std::size_t>(Endpoint::kNone) + 1;

struct EndpointRow {
  Method method;
  std::string_view path;  ///< "/resolve/" stands for all below it
  Endpoint endpoint;
};

/// Every method and path that is served.
std::span<const EndpointRow> EndpointRows();
/// "batch-create".
std::string_view EndpointLabel(Endpoint endpoint);

struct EndpointMatch {
  Endpoint endpoint = Endpoint::kNone;
  bool path_known = false;  ///< some method applies
};
/// HEAD is GET.
EndpointMatch MatchEndpoint(Method method, std::string_view path);
/// Value of the Allow field: "GET, POST".
std::string AllowedOf(std::string_view path);

/// Registers, updates or deletes identifiers.
bool IsRegistration(Endpoint endpoint);
bool IsLogin(Endpoint endpoint);
/// Anybody may ask, without logging in.
bool IsForAnybody(Endpoint endpoint);

}  // namespace idnode::frontend::http::snms
