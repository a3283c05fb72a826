#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "idnode/v1/common.pb.h"
#include "node/base/result.h"
#include "node/cli/environment.h"
#include "node/cli/exit_code.h"

/// What register, update, delete and state share: items from options or files, their outcomes.
namespace idnode::cli {

/// Items of one call when a file gives more.
inline constexpr std::size_t kItemsPerCall = 1'000;
/// Longest line of a list or of items as JSON Lines.
inline constexpr std::size_t kItemLineBytesMax = 1 << 20;

/// `[INDEX:]TYPE=DATA`. Errors: kInvalidRequest (field "value").
Result<v1::Value> ParseValueOption(std::string_view text);
/// `KEY=TEXT` into the attributes. Errors: kInvalidRequest (field "attribute").
Result<void> AddAttributeOption(std::string_view text, google::protobuf::Struct& attributes);

/// Lines of a file, or of standard input for "-". Empty lines are passed over. Not thread-safe.
class LineFile {
 public:
  /// Errors: kInvalidRequest naming the file.
  static Result<LineFile> Open(Environment& environment, const std::string& path);
  /// False at the end. Errors: kInvalidRequest (a line over its bound, naming it).
  Result<bool> Next(std::string& line);
  std::uint64_t number() const { return number_; }  ///< of the line last read, from 1
  Error AtLine(const std::string& what) const;

 private:
  LineFile(std::shared_ptr<std::istream> stream, std::string path)
      : stream_(std::move(stream)), path_(std::move(path)) {}
  std::shared_ptr<std::istream> stream_;
  std::string path_;
  std::uint64_t number_ = 0;
};

/// Reads JSON Lines, one `Item` a line, and hands them to `send` in groups.
/// Errors: those of LineFile and `send`; kInvalidRequest naming the line that is not an item.
template <typename Item>
Result<void> ForEachGroup(Environment& environment, const std::string& path,
                          const std::function<Result<void>(const std::vector<Item>&)>& send) {
  auto file = LineFile::Open(environment, path);
  if (!file.ok()) return file.error();
  std::vector<Item> items;
  std::string line;
  while (true) {
    auto more = file->Next(line);
    if (!more.ok()) return more.error();
    if (*more) {
      const auto status = google::protobuf::util::JsonStringToMessage(line, &items.emplace_back());
      if (!status.ok()) return file->AtLine(status.ToString());
    }
    if (items.size() == kItemsPerCall || (!*more && !items.empty())) {
      IDNODE_RETURN_IF_ERROR(send(items));
      items.clear();
    }
    if (!*more) return Result<void>();
  }
}

/// True where what was asked for is so now.
bool IsDone(v1::Outcome outcome);

/// Collects outcomes and tells of them.
class OutcomeReport {
 public:
  void Add(const google::protobuf::RepeatedPtrField<v1::ItemResult>& results);
  /// Prints `{"results":[…]}` or a table, and gives the exit code: 0 all done, 3 some, else what
  /// the refusals have in common.
  ExitCode Print(Environment& environment) const;
  /// As Print, where `error` stopped the command after some outcomes were known.
  ExitCode PrintWith(Environment& environment, const Error& error) const;
  ExitCode Code() const;

 private:
  void PrintResults(Environment& environment) const;
  std::string ResultsJson() const;
  std::vector<v1::ItemResult> results_;
};

/// "REGISTERED" as a person reads it: "registered", 首次注册.
std::string OutcomeText(v1::Outcome outcome, Language language);
std::string StateText(v1::State state, Language language);

/// Request id of the n-th call of a command that was given one.
std::string RequestIdOf(const std::string& request_id, std::size_t call);

}  // namespace idnode::cli
