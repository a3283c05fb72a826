#include "node/cli/row_file.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <ostream>
#include <utility>

#include <sys/stat.h>

#include "node/cli/client.h"
#include "node/cli/interrupt.h"
#include "node/cli/messages.h"
#include "node/cli/messages_admin.h"
#include "node/cli/output.h"
#include "node/cli/progress.h"
#include "node/cli/record_reader.h"
#include "node/cli/rejects_file.h"

namespace idnode::cli {
namespace {

/// True for what the next row would meet as well.
bool StopsTheRun(Errc code) {
  const ExitCode exit = ExitCodeOf(code);
  return exit == kExitTryAgain || exit == kExitNotAuthorised;
}

class RowRun {
 public:
  RowRun(Environment& environment, const RowFileOptions& options)
      : environment_(environment), options_(options) {}

  /// Opens the file and reads the header. Errors: kInvalidRequest.
  Result<void> Prepare(const std::vector<std::string_view>& known_columns) {
    const auto format = InputFormatOf(options_.file);
    if (!format.ok()) return format.error();
    format_ = *format;
    struct stat status {};
    if (::stat(options_.file.c_str(), &status) == 0) bytes_ = status.st_size;
    auto reader = RecordReader::Open(options_.file, format_, ',');
    if (!reader.ok()) return reader.error();
    reader_ = *std::move(reader);
    rejects_path_ =
        options_.rejects.empty() ? RejectsPathOf(options_.file, format_) : options_.rejects;
    if (rejects_path_ == options_.file) {
      return Error(Errc::kInvalidRequest, "--rejects must not be the input file", "rejects");
    }
    if (format_ == InputFormat::kJsonLines) return {};
    InputRecord record;
    const auto more = reader_->Next(record);
    if (!more.ok()) return more.error();
    if (!*more) return Error(Errc::kInvalidRequest, options_.file + " is empty", "file");
    header_ = std::string(record.raw);
    for (const std::string_view name : *record.fields) {
      if (std::find(known_columns.begin(), known_columns.end(), name) == known_columns.end()) {
        std::string all;
        for (const std::string_view known : known_columns) {
          all += (all.empty() ? "" : ", ") + std::string(known);
        }
        return Error(Errc::kInvalidRequest,
                     "no column is called \"" + std::string(name) + "\"; there are: " + all,
                     "file");
      }
      columns_.emplace_back(name);
    }
    return {};
  }

  ExitCode Run(const RowAct& act) {
    Interrupt interrupt;  // before any thread is started
    const auto client = Connect(environment_);
    if (!client) return kExitUsage;
    RejectsFile rejects(rejects_path_, format_, ',', header_, columns_.size());
    if (auto started = rejects.Start(0); !started.ok()) return Fail(environment_, started.error());
    Progress progress(environment_.err, environment_.err_is_terminal, environment_.language,
                      environment_.clock);
    ProgressState start;
    start.units_total = bytes_;
    progress.Start(start);
    std::optional<Error> stopped;
    InputRecord record;
    while (!stopped && !interrupt.WaitFor(std::chrono::milliseconds(0))) {
      const auto more = reader_->Next(record);
      if (!more.ok()) {
        stopped = more.error();
      } else if (!*more) {
        break;
      } else {
        stopped = ActOn(*client, record, act, rejects);
        progress.Update(static_cast<std::int64_t>(reader_->offset()), rows_);
      }
    }
    progress.Clear();
    if (auto flushed = rejects.Flush(); !flushed.ok() && !stopped) stopped = flushed.error();
    Report(rejects.bytes() > 0, stopped, interrupt.raised());
    if (interrupt.raised()) return kExitInterrupted;
    if (stopped) return ExitCodeOf(stopped->code);
    if (rejected_ == 0) return kExitDone;
    return done_ + unchanged_ > 0 ? kExitPartly : kExitFailed;
  }

 private:
  static std::string RejectsPathOf(const std::string& file, InputFormat format) {
    const std::size_t slash = file.rfind('/');
    const std::size_t dot = file.rfind('.');
    const bool has_dot = dot != std::string::npos && (slash == std::string::npos || dot > slash);
    return file.substr(0, has_dot ? dot : std::string::npos) +
           (format == InputFormat::kCsv ? ".rejects.csv" : ".rejects.jsonl");
  }

  /// The error that ends the run, if there is one.
  std::optional<Error> ActOn(const Client& client, const InputRecord& record, const RowAct& act,
                             RejectsFile& rejects) {
    FileRow row;
    std::vector<std::string_view> cells;
    std::optional<Error> wrong;
    if (format_ == InputFormat::kJsonLines) {
      row.json = record.raw;
    } else {
      cells = *record.fields;
      row.columns = &columns_;
      row.cells = &cells;
      if (record.malformed || cells.size() > columns_.size()) {
        wrong = Error(Errc::kInvalidRequest, "the row does not fit the header");
      }
    }
    Result<RowOutcome> outcome = wrong ? Result<RowOutcome>(*wrong) : act(client, row);
    if (!outcome.ok() && StopsTheRun(outcome.code())) return outcome.error();
    ++rows_;
    if (outcome.ok()) {
      ++(*outcome == RowOutcome::kDone ? done_ : unchanged_);
      return std::nullopt;
    }
    ++rejected_;
    const Error& error = outcome.error();
    if (!environment_.options.json && rejected_ <= kRejectsShown) {
      environment_.err << options_.file << ':' << record.line << ": " << Printable(error.detail)
                       << '\n';
    }
    const bool exists = error.code == Errc::kAlreadyExists;
    const auto added = rejects.Add(record.raw, cells.size(),
                                   {exists ? "CONFLICT" : "REJECTED", SlugOf(error.code),
                                    error.field, error.detail, record.line});
    return added.ok() ? std::nullopt : std::optional<Error>(added.error());
  }

  void Report(bool has_rejects, const std::optional<Error>& stopped, bool interrupted) {
    const Language language = environment_.language;
    if (environment_.options.json) {
      std::string json = R"({"rows":)" + std::to_string(rows_) +
                         (options_.dry_run ? R"(,"dryRun":true,"wouldBeDone":)" : R"(,"done":)") +
                         std::to_string(done_) + R"(,"unchanged":)" + std::to_string(unchanged_) +
                         R"(,"rejected":)" + std::to_string(rejected_);
      if (has_rejects) json += R"(,"rejectsFile":)" + JsonString(rejects_path_);
      if (interrupted) json += R"(,"interrupted":true)";
      json += stopped ? "," + ErrorJson(*stopped).substr(1) : "}";
      environment_.out << json << '\n' << std::flush;
    } else {
      environment_.out << PairsText({{messages::kRows, FormatCount(rows_)},
                                     {options_.dry_run ? messages::kWouldBeDone : messages::kDone,
                                      FormatCount(done_)},
                                     {messages::kUnchanged, FormatCount(unchanged_)},
                                     {messages::kRejected, FormatCount(rejected_)}},
                                    language)
                       << std::flush;
      if (has_rejects) {
        environment_.err << Say(language, messages::kRejectedRowsIn, rejects_path_) << '\n';
      }
      if (stopped) Fail(environment_, *stopped);
    }
    if (options_.dry_run) environment_.err << messages::kDryRun.In(language) << '\n';
    if (interrupted) environment_.err << messages::kInterrupted.In(language) << '\n';
    if (interrupted || (stopped && ExitCodeOf(stopped->code) == kExitTryAgain)) {
      environment_.err << messages::kRepeatToGoOn.In(language) << '\n';
    }
    environment_.err << std::flush;
  }

  static constexpr std::int64_t kRejectsShown = 10;

  Environment& environment_;
  const RowFileOptions& options_;
  InputFormat format_ = InputFormat::kCsv;
  std::unique_ptr<RecordReader> reader_;
  std::string rejects_path_;
  std::string header_;
  std::vector<std::string> columns_;
  std::int64_t bytes_ = 0;
  std::int64_t rows_ = 0;
  std::int64_t done_ = 0;
  std::int64_t unchanged_ = 0;
  std::int64_t rejected_ = 0;
};

}  // namespace

ExitCode ActOnRows(Environment& environment, const RowFileOptions& options,
                   const std::vector<std::string_view>& columns, const RowAct& act) {
  RowRun run(environment, options);
  if (const auto prepared = run.Prepare(columns); !prepared.ok()) {
    return FailUsage(environment, prepared.error().detail, prepared.error().field);
  }
  return run.Run(act);
}

}  // namespace idnode::cli
