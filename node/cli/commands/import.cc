#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "node/base/text.h"
#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/import_state.h"
#include "node/cli/importer.h"
#include "node/cli/interrupt.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"
#include "node/cli/progress.h"
#include "node/cli/record_reader.h"
#include "node/cli/rejects_file.h"
#include "node/cli/row_mapper.h"

namespace idnode::cli {
namespace {

/// Problems that a dry run shows; all are counted.
constexpr int kDryRunProblemsShown = 20;

struct Options {
  std::string file;
  std::string prefix;
  std::string suffix_column;
  std::string object_class;
  std::string template_ref;
  std::vector<std::string> maps;
  std::vector<std::string> attributes;
  std::string format;
  std::string delimiter;
  std::string encoding = "utf-8";
  std::int64_t batch_rows = 1'000;
  std::int64_t in_flight = 8;
  double retry_for_s = 300;
  std::string rejects;
  bool dry_run = false;
  bool resume = false;
  bool restart = false;
};

Result<char> DelimiterOf(const Options& options) {
  const std::string& text = options.delimiter;
  if (text.empty()) {
    const bool tabs =
        options.file.size() > 4 && options.file.substr(options.file.size() - 4) == ".tsv";
    return tabs ? '\t' : ',';
  }
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() != 1 || text == "\"" || text == "\n" || text == "\r") {
    return Error(Errc::kInvalidRequest, "--delimiter must be one character, or tab", "delimiter");
  }
  return text[0];
}

Result<Mapping> MappingOf(const Options& options) {
  Mapping mapping;
  mapping.prefix = options.prefix;
  mapping.suffix_column = options.suffix_column;
  mapping.object_class = options.object_class;
  mapping.template_ref = options.template_ref;
  if (options.format.empty()) {
    auto format = InputFormatOf(options.file);
    if (!format.ok()) return format.error();
    mapping.format = *format;
  } else {
    mapping.format = options.format == "csv" ? InputFormat::kCsv : InputFormat::kJsonLines;
  }
  auto delimiter = DelimiterOf(options);
  if (!delimiter.ok()) return delimiter.error();
  mapping.delimiter = *delimiter;
  auto encoding = ParseEncoding(options.encoding);
  if (!encoding.ok()) return encoding.error();
  mapping.encoding = *encoding;
  for (const std::string& text : options.maps) {
    auto pair = ParseColumnPair(text, "--map");
    if (!pair.ok()) return pair.error();
    mapping.values.push_back(*std::move(pair));
  }
  for (const std::string& text : options.attributes) {
    auto pair = ParseColumnPair(text, "--attribute");
    if (!pair.ok()) return pair.error();
    mapping.attributes.push_back(*std::move(pair));
  }
  const bool whole_lines =
      mapping.format == InputFormat::kJsonLines && mapping.suffix_column.empty();
  if (mapping.suffix_column.empty() && !whole_lines) {
    return Error(Errc::kInvalidRequest, "--suffix-column says which column names the product",
                 "suffix-column");
  }
  if (mapping.prefix.empty() && !whole_lines) {
    return Error(Errc::kInvalidRequest, "--prefix is the enterprise prefix, such as 88.108.1001",
                 "prefix");
  }
  if (whole_lines && !(mapping.values.empty() && mapping.attributes.empty())) {
    return Error(Errc::kInvalidRequest,
                 "--map and --attribute need --suffix-column: without it each line is an item",
                 "suffix-column");
  }
  return mapping;
}

std::string DefaultRejects(const Options& options, InputFormat format) {
  const std::size_t slash = options.file.rfind('/');
  const std::size_t dot = options.file.rfind('.');
  const bool has_dot = dot != std::string::npos && (slash == std::string::npos || dot > slash);
  return options.file.substr(0, has_dot ? dot : std::string::npos) +
         (format == InputFormat::kCsv ? ".rejects.csv" : ".rejects.jsonl");
}

/// One import, from its options to its report.
class Import {
 public:
  Import(const Options& options, Environment& environment)
      : options_(options), environment_(environment), language_(environment.language) {}

  ExitCode Run() {
    if (auto prepared = Prepare(); !prepared.ok()) {
      return FailUsage(environment_, prepared.error().detail, prepared.error().field);
    }
    if (options_.dry_run) return DryRun();
    const auto client = Connect(environment_);
    if (!client) return kExitUsage;
    if (auto reached = client->CheckHealth(client->timeout()); !reached.ok()) {
      return Fail(environment_, reached.error());
    }
    return Register(*client);
  }

 private:
  Result<void> Prepare() {
    if (options_.resume && options_.restart) {
      return Error(Errc::kInvalidRequest, "--resume contradicts --restart", "resume");
    }
    auto mapping = MappingOf(options_);
    if (!mapping.ok()) return mapping.error();
    mapping_ = *std::move(mapping);
    rejects_path_ =
        options_.rejects.empty() ? DefaultRejects(options_, mapping_.format) : options_.rejects;
    if (rejects_path_ == options_.file) {
      return Error(Errc::kInvalidRequest, "--rejects must not be the input file", "rejects");
    }
    auto reader = RecordReader::Open(options_.file, mapping_.format, mapping_.delimiter);
    if (!reader.ok()) return reader.error();
    reader_ = *std::move(reader);
    std::vector<std::string_view> header;
    if (mapping_.format == InputFormat::kCsv) {
      InputRecord record;
      const auto more = reader_->Next(record);
      if (!more.ok()) return more.error();
      if (!*more) return Error(Errc::kInvalidRequest, options_.file + " is empty");
      header = *record.fields;
      header_raw_ = std::string(record.raw);
    }
    auto mapper = RowMapper::Create(mapping_, header);
    if (!mapper.ok()) return mapper.error();
    mapper_ = *std::move(mapper);
    return options_.dry_run ? Result<void>() : PrepareState();
  }

  /// The state to begin with: a new one, or that of an import that was interrupted.
  Result<void> PrepareState() {
    state_path_ = ImportStatePath(options_.file);
    const auto identity = IdentifyFile(options_.file);
    if (!identity.ok()) return identity.error();
    auto found = LoadImportState(state_path_);
    if (!found.ok() && !options_.restart) return found.error();
    const bool unfinished = found.ok() && found->has_value();
    if (unfinished && !options_.resume && !options_.restart) {
      return Error(Errc::kInvalidRequest, Say(language_, messages::kUnfinished, state_path_));
    }
    if (unfinished && options_.resume) {
      state_ = **found;
      if (state_.input_sha256 != identity->sha256) {
        return Error(Errc::kInvalidRequest,
                     options_.file +
                         " has changed since the import was interrupted; --restart "
                         "begins again (what is registered is reported as unchanged)");
      }
      if (state_.mapping_digest != mapping_.Digest()) {
        return Error(Errc::kInvalidRequest,
                     "the options that say what is registered differ from those of the interrupted "
                     "import; repeat them, or begin again with --restart");
      }
      environment_.err << Say(language_, messages::kResuming, FormatCount(state_.counts.rows + 1))
                       << '\n';
      return reader_->Seek(state_.offset, state_.line);
    }
    if (options_.resume) environment_.err << messages::kNothingToResume.In(language_) << '\n';
    state_.input_bytes = identity->bytes;
    state_.input_sha256 = identity->sha256;
    state_.mapping_digest = mapping_.Digest();
    state_.batch_rows = options_.batch_rows;
    state_.run = Hex(SecureRandom(8));
    state_.offset = reader_->offset();
    state_.line = reader_->line();
    return {};
  }

  ExitCode DryRun() {
    RejectsFile rejects(rejects_path_, mapping_.format, mapping_.delimiter, header_raw_,
                        mapper_->columns());
    const bool writes = !options_.rejects.empty();
    if (writes) {
      if (auto started = rejects.Start(0); !started.ok())
        return Fail(environment_, started.error());
    }
    ImportCounts counts;
    InputRecord record;
    while (true) {
      const auto more = reader_->Next(record);
      if (!more.ok()) return Fail(environment_, more.error());
      if (!*more) break;
      ++counts.rows;
      v1::RegisterItem item;
      const auto mapped = mapper_->Map(record, item);
      if (mapped.ok()) continue;
      if (++counts.rejected <= kDryRunProblemsShown) {
        environment_.err << options_.file << ':' << record.line << ": "
                         << Printable(mapped.error().detail) << '\n';
      }
      if (!writes) continue;
      const RejectReason reason{"REJECTED", SlugOf(mapped.error().code), mapped.error().field,
                                mapped.error().detail, record.line};
      const auto added =
          rejects.Add(record.raw, record.fields == nullptr ? 0 : record.fields->size(), reason);
      if (!added.ok()) return Fail(environment_, added.error());
    }
    if (auto flushed = rejects.Flush(); !flushed.ok()) return Fail(environment_, flushed.error());
    if (environment_.options.json) {
      environment_.out << R"({"dryRun":true,"rows":)" << counts.rows << R"(,"wouldRegister":)"
                       << counts.rows - counts.rejected << R"(,"rejected":)" << counts.rejected
                       << "}\n"
                       << std::flush;
    } else {
      PrintPairs({{messages::kRows, FormatCount(counts.rows)},
                  {messages::kWouldRegister, FormatCount(counts.rows - counts.rejected)},
                  {messages::kRejected, FormatCount(counts.rejected)}});
      environment_.err << messages::kDryRun.In(language_) << '\n';
    }
    return CodeOf(counts.rows - counts.rejected, counts.rejected);
  }

  ExitCode Register(const Client& client) {
    RejectsFile rejects(rejects_path_, mapping_.format, mapping_.delimiter, header_raw_,
                        mapper_->columns());
    if (auto started = rejects.Start(state_.rejects_bytes); !started.ok()) {
      return Fail(environment_, started.error());
    }
    Progress progress(environment_.err, environment_.err_is_terminal, language_,
                      environment_.clock);
    ProgressState start;
    start.units_start = start.units_done = static_cast<std::int64_t>(state_.offset);
    start.units_total = state_.input_bytes;
    start.rows_start = start.rows_done = state_.counts.rows;
    progress.Start(start);
    ImporterOptions importer_options;
    importer_options.in_flight = static_cast<std::size_t>(options_.in_flight);
    importer_options.answer_timeout = client.timeout();
    importer_options.retry_for =
        std::chrono::milliseconds(static_cast<std::int64_t>(options_.retry_for_s * 1000));
    Importer importer(client, *reader_, *mapper_, rejects, progress, interrupt_, environment_.clock,
                      language_, importer_options, state_path_, state_);
    const ImportEnd end = importer.Run();
    const double elapsed_s = progress.ElapsedSeconds();
    const bool complete = !end.interrupted && !end.error;
    // Where nothing was taken there is nothing to go on with, and the next try is a first one.
    const bool resumable =
        !complete && !(end.error && end.error->code == Errc::kInvalidRequest) &&
        !(end.error && end.state.counts.rows == 0 && ExitCodeOf(end.error->code) != kExitTryAgain);
    if (!resumable) ::unlink(state_path_.c_str());
    Report(end, start.rows_start, elapsed_s, rejects.bytes() > 0);
    if (resumable) {
      environment_.err << Say(language_, messages::kResumeWith, ResumeCommand()) << '\n'
                       << std::flush;
    }
    if (end.interrupted) return kExitInterrupted;
    if (end.error) return ExitCodeOf(end.error->code);
    return CodeOf(end.state.counts.Done(), end.state.counts.NotDone());
  }

  static ExitCode CodeOf(std::int64_t done, std::int64_t not_done) {
    if (not_done == 0) return kExitDone;
    return done > 0 ? kExitPartly : kExitFailed;
  }

  void Report(const ImportEnd& end, std::int64_t rows_before, double elapsed_s, bool has_rejects) {
    const ImportCounts& counts = end.state.counts;
    const auto rate = static_cast<std::int64_t>(static_cast<double>(counts.rows - rows_before) /
                                                std::max(elapsed_s, 0.001));
    if (environment_.options.json) {
      environment_.out << R"({"rows":)" << counts.rows << R"(,"registered":)" << counts.registered
                       << R"(,"reRegistered":)" << counts.re_registered << R"(,"unchanged":)"
                       << counts.unchanged << R"(,"conflicting":)" << counts.conflicting
                       << R"(,"rejected":)" << counts.rejected << R"(,"seconds":)" << elapsed_s
                       << R"(,"rowsPerSecond":)" << rate << R"(,"interrupted":)"
                       << (end.interrupted ? "true" : "false");
      if (has_rejects) environment_.out << R"(,"rejectsFile":)" << JsonString(rejects_path_);
      if (end.error) environment_.out << ',' << ErrorJson(*end.error).substr(1);
      if (!end.error) environment_.out << '}';
      environment_.out << '\n' << std::flush;
      return;
    }
    PrintPairs({{messages::kRows, FormatCount(counts.rows)},
                {messages::kRegistered, FormatCount(counts.registered)},
                {messages::kReRegistered, FormatCount(counts.re_registered)},
                {messages::kUnchanged, FormatCount(counts.unchanged)},
                {messages::kConflicting, FormatCount(counts.conflicting)},
                {messages::kRejected, FormatCount(counts.rejected)},
                {messages::kRate, FormatCount(rate)}});
    if (has_rejects) {
      environment_.err << Say(language_, messages::kRejectsIn, rejects_path_) << '\n';
    }
    if (end.interrupted) environment_.err << messages::kInterrupted.In(language_) << '\n';
    if (end.error) Fail(environment_, *end.error);
  }

  void PrintPairs(const std::vector<std::pair<Text, std::string>>& pairs) {
    std::size_t width = 0;
    std::size_t number_width = 0;
    for (const auto& [name, number] : pairs) {
      width = std::max(width, DisplayWidth(name.In(language_)));
      number_width = std::max(number_width, number.size());
    }
    for (const auto& [name, number] : pairs) {
      const std::string_view label = name.In(language_);
      environment_.out << label << std::string(width - DisplayWidth(label) + 2, ' ')
                       << std::string(number_width - number.size(), ' ') << number << '\n';
    }
    environment_.out << std::flush;
  }

  std::string ResumeCommand() const {
    std::string command;
    bool resumes = false;
    for (const std::string& argument : environment_.arguments) {
      if (argument == "--restart") continue;
      resumes = resumes || argument == "--resume";
      command += (command.empty() ? "" : " ") + ShellQuoted(argument);
    }
    return resumes ? command : command + " --resume";
  }

  const Options& options_;
  Environment& environment_;
  const Language language_;
  Interrupt interrupt_;  // first of all: threads that are started later inherit its mask
  Mapping mapping_;
  std::string rejects_path_;
  std::string state_path_;
  std::string header_raw_;
  std::unique_ptr<RecordReader> reader_;
  std::unique_ptr<RowMapper> mapper_;
  ImportState state_;
};

}  // namespace

void AddImport(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command = line.Add(
      nullptr, "import",
      {"Register the rows of a catalogue. Safe to interrupt and to repeat.",
       "导入产品目录并注册。可随时中断、可重复执行。"},
      "idnode import catalogue.csv --prefix 88.108.1001 --suffix-column gtin_upc --class product "
      "\\\n"
      "    --map brand_owner=BRAND --map short_description=NAME\n"
      "idnode import catalogue.csv --prefix 88.108.1001 --suffix-column gtin_upc --dry-run\n"
      "idnode import goods.jsonl --prefix 88.108.1001 --suffix-column sn --attribute colour\n"
      "idnode import exported.jsonl");
  command
      ->add_option("FILE", options->file,
                   line.T({"CSV or JSON Lines file", "CSV 或 JSON Lines 文件"}))
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--prefix", options->prefix, line.T({"Enterprise prefix", "企业前缀"}));
  command->add_option("--suffix-column", options->suffix_column,
                      line.T({"Column or key that holds the suffix", "标识后缀所在列（键）"}));
  command->add_option("--class", options->object_class,
                      line.T({"Object class of every row", "每行的对象类别"}));
  command->add_option("--template", options->template_ref,
                      line.T({"Data template, such as shoe@2", "数据模板，如 shoe@2"}));
  AddRepeated(command, "--map", options->maps,
              line.T({"COLUMN=TYPE: the column becomes a value of that type; may be repeated",
                      "列=类型：该列作为此类型的标识值；可重复"}));
  AddRepeated(command, "--attribute", options->attributes,
              line.T({"COLUMN[=KEY]: the column becomes an attribute; may be repeated",
                      "列[=键]：该列作为属性；可重复"}));
  command
      ->add_option("--format", options->format,
                   line.T({"csv or jsonl, where the name does not tell", "csv 或 jsonl"}))
      ->check(CLI::IsMember({"csv", "jsonl"}));
  command->add_option("--delimiter", options->delimiter,
                      line.T({"Between the fields of CSV: one character, or tab", "CSV 分隔符"}));
  command->add_option("--encoding", options->encoding, line.T({"Of the file", "文件编码"}))
      ->check(CLI::IsMember({"utf-8", "gb18030", "gbk", "gb2312"}, CLI::ignore_case))
      ->capture_default_str();
  command->add_option("--batch", options->batch_rows, line.T({"Rows of a batch", "每批行数"}))
      ->check(CLI::Range(std::int64_t{1}, kImportBatchRowsMax))
      ->capture_default_str();
  command
      ->add_option("--in-flight", options->in_flight,
                   line.T({"Batches under way at once", "并行批数"}))
      ->check(CLI::Range(std::int64_t{1}, kImportInFlightMax))
      ->capture_default_str();
  command
      ->add_option("--retry-for", options->retry_for_s,
                   line.T({"Seconds without progress before giving up", "无进展多少秒后放弃"}))
      ->check(CLI::Range(0.1, 864'000.0))
      ->capture_default_str();
  command->add_flag("--dry-run", options->dry_run,
                    line.T({"Read and check every row, send nothing", "只检查，不提交"}));
  command
      ->add_option("--rejects", options->rejects,
                   line.T({"Where rows go that were not registered; else beside the input",
                           "未注册行写入的文件；默认在输入文件旁"}))
      ->type_name("FILE");
  command->add_flag("--resume", options->resume,
                    line.T({"Go on with an import that was interrupted", "继续被中断的导入"}));
  command->add_flag("--restart", options->restart, line.T({"Begin again", "重新开始"}));
  CommandLine::OnRun(command, line, [options](Environment& environment) {
    return Import(*options, environment).Run();
  });
}

}  // namespace idnode::cli
