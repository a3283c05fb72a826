#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "node/base/check.h"
#include "node/base/errc.h"

namespace idnode {

/// Why something failed. `detail` is a sentence for logs and people, `field` names the offending
/// field of the request where there is one ("items[3].values[0].data").
struct Error {
  Errc code = Errc::kInternal;
  std::string detail;
  std::string field;

  Error() = default;
  Error(Errc c, std::string d, std::string f = {})
      : code(c), detail(std::move(d)), field(std::move(f)) {}
};

/// A `T`, or the `Error` that prevented it. Crosses every layer; idnode throws no exceptions.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    IDNODE_CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    IDNODE_CHECK(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    IDNODE_CHECK(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    IDNODE_CHECK(!ok());
    return *std::get_if<1>(&state_);
  }
  Errc code() const { return ok() ? Errc::kOk : error().code; }

 private:
  std::variant<T, Error> state_;
};

/// Success, or an `Error`.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    IDNODE_CHECK(!ok());
    return *error_;
  }
  Errc code() const { return ok() ? Errc::kOk : error_->code; }

 private:
  std::optional<Error> error_;
};

/// Puts `context` before the error's detail: callers say what they were doing.
inline Error Prefix(std::string_view context, Error error) {
  error.detail = std::string(context) + ": " + error.detail;
  return error;
}

}  // namespace idnode

/// Evaluates `expr` (a Result); returns its error from the enclosing function if it failed.
#define IDNODE_RETURN_IF_ERROR(expr)                          \
  do {                                                        \
    if (auto idnode_result_ = (expr); !idnode_result_.ok()) { \
      return idnode_result_.error();                          \
    }                                                         \
  } while (false)
