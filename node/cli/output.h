#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <google/protobuf/message.h>
#include <google/protobuf/timestamp.pb.h>

#include "node/base/result.h"
#include "node/cli/client.h"
#include "node/cli/environment.h"
#include "node/cli/exit_code.h"

namespace idnode::cli {

/// Rows under a head, columns as wide as their widest cell (East Asian characters take two).
class Table {
 public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// Columns whose cells are all numbers stand right-aligned.
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// Columns that `text` takes on a terminal.
std::size_t DisplayWidth(std::string_view text);
/// `text` without what a terminal would act on: control characters show as "?".
std::string Printable(std::string_view text);

/// "name  value" a line, values under each other; empty values are left out. Made printable.
std::string PairsText(const std::vector<std::pair<cli::Text, std::string>>& pairs,
                      Language language);

/// "15,000,000".
std::string FormatCount(std::int64_t count);
/// "2026-11-22T02:00:00.123Z"; empty where it is not set.
std::string FormatTimestamp(const google::protobuf::Timestamp& time);

/// protobuf's JSON mapping on one line. `defaults` writes unset scalar fields too.
std::string ToJson(const google::protobuf::Message& message, bool defaults = false);
/// JSON string literal with its quotes.
std::string JsonString(std::string_view text);

/// `{"error":{"slug":…,"detail":…,"field":…}}`.
std::string ErrorJson(const Error& error);
/// Says why the command failed and gives the exit code: with `--json` as JSON on standard output,
/// so that a script finds answer and error in one place; as a sentence on standard error otherwise.
ExitCode Fail(Environment& environment, const Error& error);
/// As Fail, for commands whose standard output is the data itself: the JSON goes to standard error.
ExitCode FailBesideData(Environment& environment, const Error& error);
/// Fail for a command line that cannot be carried out: exit code 2.
ExitCode FailUsage(Environment& environment, std::string detail, std::string field = {});

/// A client for the options; null after saying why there is none, the exit code is then kExitUsage.
std::unique_ptr<Client> Connect(Environment& environment);

/// Asks on a terminal; true if the answer is "yes". False where there is none to ask: what
/// destroys must not happen in a script by a slip of the hand either.
bool Confirm(Environment& environment, const std::string& question);

/// Word for a POSIX shell, quoted where it needs to be.
std::string ShellQuoted(std::string_view word);

}  // namespace idnode::cli
