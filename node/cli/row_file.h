#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/util/json_util.h>

#include "node/base/result.h"
#include "node/cli/environment.h"
#include "node/cli/exit_code.h"

/// Administrative acts for the rows of a CSV or JSON Lines file, one after the other: an operator
/// admits hundreds of enterprises, not millions.
namespace idnode::cli {

struct RowFileOptions {
  std::string file;     ///< by its name CSV or JSON Lines
  std::string rejects;  ///< where rows go that were not done; empty: beside the file
  bool dry_run = false;
};

/// One row. Views are valid while it is acted on.
struct FileRow {
  std::string_view json;                              ///< empty for a row of CSV
  const std::vector<std::string>* columns = nullptr;  ///< CSV: names, as in the header
  const std::vector<std::string_view>* cells = nullptr;
};

enum class RowOutcome {
  kDone,
  kUnchanged,  ///< it was so already: repeating a file is safe
};

class Client;
using RowAct = std::function<Result<RowOutcome>(const Client&, const FileRow&)>;

/// Connects, and runs `act` for each row. What a row cannot be acted on for is written beside it
/// into the rejects file; an error that other rows would meet too (unreachable, not authorised)
/// stops the run, which the same command then goes on with. `columns` are those a CSV header may
/// have. Progress and a summary go to the usual places. Exit codes: 0 all done, 3 some, 1 none,
/// else that of the error.
ExitCode ActOnRows(Environment& environment, const RowFileOptions& options,
                   const std::vector<std::string_view>& columns, const RowAct& act);

/// A row as a message: JSON by protobuf's mapping, CSV cell by cell through `set`; empty cells are
/// left out. Errors: kInvalidRequest; those of `set`.
template <typename Message>
Result<Message> MessageOfRow(const FileRow& row,
                             const std::function<Result<void>(Message&, std::string_view column,
                                                              std::string_view text)>& set) {
  Message message;
  if (row.columns == nullptr) {
    const auto status = google::protobuf::util::JsonStringToMessage(
        google::protobuf::StringPiece(row.json.data(), row.json.size()), &message);
    if (!status.ok()) return Error(Errc::kInvalidRequest, status.ToString());
    return message;
  }
  for (std::size_t i = 0; i < row.cells->size(); ++i) {
    if ((*row.cells)[i].empty()) continue;
    IDNODE_RETURN_IF_ERROR(set(message, (*row.columns)[i], (*row.cells)[i]));
  }
  return message;
}

}  // namespace idnode::cli
