#pragma once

#include <string_view>

namespace idnode::frontend::http {

/// openapi.json, built into the program.
std::string_view OpenApiDocument();

}  // namespace idnode::frontend::http
