#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace idnode::frontend::http::snms {

/// Bounds of a form (RFC 7578), tested at the boundary.
inline constexpr std::size_t kFormPartsMax = 16;
inline constexpr std::size_t kFormBoundaryBytesMax = 70;  ///< RFC 2046 §5.1.1
inline constexpr std::size_t kFormPartHeadBytesMax = 4 * 1024;

/// A file out of a form; views into the body.
struct FormFile {
  std::string_view name;      ///< of the part
  std::string_view filename;  ///< as sent; never used as a path
  std::string_view content;
};

/// The boundary parameter of a multipart/form-data Content-Type. Errors: kUnsupportedMedia.
Result<std::string_view> FormBoundary(std::string_view content_type);

/// The first part named `name`. Errors: kInvalidRequest (no form, no such part, a bound passed).
Result<FormFile> FindFormFile(std::string_view body, std::string_view boundary,
                              std::string_view name);

}  // namespace idnode::frontend::http::snms
