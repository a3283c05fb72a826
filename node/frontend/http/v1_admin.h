#pragma once

#include <array>
#include <span>
#include <string_view>

#include "node/frontend/http/router.h"
#include "node/frontend/http/v1_handler.h"
#include "node/service/services.h"

namespace idnode::frontend::http {

/// Whence the fields of a request come that its path does not name.
enum class FieldsFrom : std::uint8_t {
  kQuery,
  kBody,
  kBodyIfAny,  ///< where the path may say it all: none, or "{}", will do
};

/// A route of administration: a row of admin_calls behind HTTP.
struct AdminRoute {
  Operation operation;
  Response (*answer)(const AdminRoute& route, const service::Services& services,
                     const V1Call& call);
  FieldsFrom fields_from;
  /// The field that each parameter of the path fills, in proto's names; empty: none.
  std::array<std::string_view, kPathParametersMax> path_fields{};
  /// A field that the route itself says, and its value.
  std::string_view said_field{};
  std::string_view said_value{};
};

/// The routes of administration, in the order of Operation.
std::span<const AdminRoute> AdminRoutes();
/// nullptr for an operation that is none of them.
const AdminRoute* FindAdminRoute(Operation operation);

}  // namespace idnode::frontend::http
