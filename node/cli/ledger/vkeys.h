#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "node/base/result.h"
#include "node/ledger/note_key.h"

namespace idnode::cli {

/// A verifier key from the command line: the line itself, or a file that holds it (one line, or
/// several). Errors: kInvalidRequest, naming what was given.
Result<std::vector<ledger::Verifier>> LoadVkeys(const std::string& line_or_file);
/// All of several, each once.
Result<std::vector<ledger::Verifier>> LoadVkeys(const std::vector<std::string>& lines_or_files);

}  // namespace idnode::cli
