#pragma once

#include <memory>
#include <string>

#include <re2/re2.h>

namespace idnode {

/// A pattern made ready. Versions of templates mostly have the patterns of those before: while
/// somebody holds one, whoever asks for the same text gets the same. May be one that did not
/// compile (RE2::ok()); never nullptr. Thread-safe.
std::shared_ptr<const RE2> CompiledPattern(const std::string& pattern);

}  // namespace idnode
