#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "node/base/text.h"
#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/interrupt.h"
#include "node/cli/ledger/file_util.h"
#include "node/cli/ledger/http_client.h"
#include "node/cli/ledger/mirror.h"
#include "node/cli/ledger/source.h"
#include "node/cli/ledger/verify.h"
#include "node/cli/ledger/vkeys.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"
#include "node/cli/progress.h"
#include "node/model/identifier.h"

namespace idnode::cli {
namespace {

constexpr Text kTitle{"Statement $0 of $1 ($2)", "$1 的 $0 声明（$2）"};
constexpr Text kFinal{"final", "终计"};
constexpr Text kProvisional{"provisional", "暂计"};
constexpr Text kChecked{"Checked:", "已核对："};
constexpr Text kUnchecked{"Not checked:", "未核对："};
constexpr Text kFaults{"Faults:", "问题："};
constexpr Text kMoreFaults{"and $0 more", "另有 $0 项"};
constexpr Text kVerified{"verified: nothing wrong was found in what was checked",
                         "核验通过：已核对部分未发现问题"};
constexpr Text kNotVerified{"NOT verified: $0 faults", "核验未通过：发现 $0 项问题"};
constexpr Text kPartly{"partly verified: $0 sampled identifiers do not resolve",
                       "部分通过：$0 个抽样标识无法解析"};
constexpr Text kMissed{
    "if more than $0 of the leaves were not in the signed log or outside the month, the chance of "
    "missing it is less than $1",
    "若不在已签署账本或不在本月的记录超过 $0，漏检的概率小于 $1"};
constexpr Text kMissedUnknown{
    "if the node did not know more than $0 of the leaves as they say, the chance of missing it is "
    "less than $1",
    "若节点无法按记录解析的超过 $0，漏检的概率小于 $1"};
constexpr Text kFailedShare{
    "$0 of $1 sampled leaves ($2) were not in the signed log, or outside the month, or no leaves; "
    "of all leaves it is between $3 and $4 (each bound with 97.5 %)",
    "抽样 $1 条中有 $0 条（$2）不在已签署账本、不在本月或不是合规记录；推及全部记录为 $3 至 "
    "$4（每侧置信度 97.5 %）"};
constexpr Text kUnknownShare{
    "$0 of $1 sampled identifiers ($2) did not resolve as their leaves say; of all it is between "
    "$3 and $4 (each bound with 97.5 %)",
    "抽样 $1 个标识中有 $0 个（$2）无法按记录解析；推及全部为 $3 至 $4（每侧置信度 97.5 %）"};
constexpr double kBoundChance = 0.025;
constexpr Text kMirrored{"$0 files fetched ($1 bytes), $2 were there; the log has $3 leaves",
                         "已下载 $0 个文件（$1 字节），已有 $2 个；账本共 $3 条记录"};

struct SourceOptions {
  std::string url;
  std::string dir;
  unsigned connections = 4;
};

struct VerifyArguments {
  SourceOptions source;
  std::string month;
  std::vector<std::string> vkeys;
  std::vector<std::string> vkeys_sm2;
  std::vector<std::string> witness_vkeys;
  std::vector<std::string> seen;
  bool since_start = false;
  bool all_months = false;
  std::uint64_t sample = 0;
  std::optional<std::uint64_t> seed;
  bool no_resolve = false;
  bool only_public = false;
  std::string time_zone = std::string(kCountingZone);
  std::vector<std::string> prefixes;
  std::string temp_dir;
  std::uint64_t memory_mib = DuplicateFinder::kMemoryBytes >> 20;
};

struct DownloadArguments {
  SourceOptions source;
  std::string month;
};

Result<std::unique_ptr<HttpSource>> OpenUrl(const SourceOptions& arguments,
                                            const GlobalOptions& global) {
  HttpOptions options;
  options.url = arguments.url;
  options.ca_file = global.ca_file;
  options.plaintext = global.plaintext;
  options.connections = arguments.connections;
  options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(global.timeout_s * 1000));
  options.token = global.token;
  if (!global.token_file.empty()) {
    auto token = LoadFile(global.token_file, kTokenBytesMax);
    if (!token.ok()) return Error(Errc::kInvalidRequest, token.error().detail, "token-file");
    options.token = *std::move(token);
  }
  const auto is_space = [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; };
  while (!options.token.empty() && is_space(options.token.back())) options.token.pop_back();
  auto client = HttpClient::Create(options);
  if (!client.ok()) return client.error();
  return std::make_unique<HttpSource>(*std::move(client));
}

Result<std::unique_ptr<Source>> OpenSource(const SourceOptions& arguments,
                                           const GlobalOptions& global) {
  if (!arguments.dir.empty()) {
    return std::unique_ptr<Source>(std::make_unique<DirectorySource>(arguments.dir));
  }
  auto source = OpenUrl(arguments, global);
  if (!source.ok()) return source.error();
  return std::unique_ptr<Source>(*std::move(source));
}

std::string Share(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g %%", share * 100);
  return text;
}

/// What the sample proves, from either side.
std::vector<Phrase> Confidence(const SampleReport& sample) {
  std::vector<Phrase> lines;
  if (sample.drawn == 0) return lines;
  const auto add = [&](const Text& none, const Text& some, std::uint64_t drawn,
                       std::uint64_t failed) {
    if (failed > 0) {
      const ShareBounds bounds = BoundsOfShare(drawn, failed, kBoundChance);
      lines.push_back(MakePhrase(some, failed, drawn,
                                 Share(static_cast<double>(failed) / static_cast<double>(drawn)),
                                 Share(bounds.low), Share(bounds.high)));
      return;
    }
    for (const double chance : {0.05, 0.01, 0.001}) {
      lines.push_back(MakePhrase(none, Share(ShareMissedAtChance(drawn, chance)), Share(chance)));
    }
    for (const double share : {0.1, 0.01, 0.001}) {
      lines.push_back(MakePhrase(none, Share(share), Share(ChanceOfMissing(drawn, share))));
    }
  };
  add(kMissed, kFailedShare, sample.drawn, sample.failed);
  if (sample.asked > 0) {
    add(kMissedUnknown, kUnknownShare, sample.asked, sample.asked - sample.resolved);
  }
  return lines;
}

/// The same as numbers. What a sample without failures might have missed is no word on one with.
std::string SampleShares(const SampleReport& sample) {
  if (sample.drawn == 0) return {};
  char text[160];
  if (sample.failed == 0) {
    std::snprintf(text, sizeof text, ",\"shareMissedAt1Percent\":%.9g",
                  ShareMissedAtChance(sample.drawn, 0.01));
  } else {
    const ShareBounds bounds = BoundsOfShare(sample.drawn, sample.failed, kBoundChance);
    std::snprintf(text, sizeof text,
                  ",\"failedShare\":%.9g,\"failedShareLow\":%.9g,\"failedShareHigh\":%.9g",
                  static_cast<double>(sample.failed) / static_cast<double>(sample.drawn),
                  bounds.low, bounds.high);
  }
  return text;
}

ExitCode CodeOf(const VerifyReport& report) {
  if (report.faults_total == 0) return kExitDone;
  return report.sound() ? kExitPartly : kExitFailed;
}

std::string ReportJson(const VerifyReport& report, Language language) {
  const auto list = [&](const std::vector<Phrase>& phrases) {
    std::string text = "[";
    for (const Phrase& phrase : phrases) {
      text += (text.size() > 1 ? "," : "") + JsonString(phrase.In(language));
    }
    return text + "]";
  };
  std::string json = "{\"month\":" + JsonString(report.month.Text());
  json += std::string(",\"verified\":") + (report.faults_total == 0 ? "true" : "false");
  if (report.statement) {
    const ledger::Statement& statement = *report.statement;
    const bool final = statement.status == ledger::StatementStatus::kFinal;
    json += ",\"origin\":" + JsonString(statement.origin);
    json += std::string(",\"status\":\"") + (final ? "final" : "provisional") + "\"";
    json += ",\"treeStart\":" + std::to_string(statement.tree_start.size);
    json += ",\"treeEnd\":" + std::to_string(statement.tree_end.size);
    json += ",\"firstEver\":" + std::to_string(statement.figures.first_ever);
    json += ",\"target\":" + std::to_string(statement.target);
    json += std::string(",\"targetMet\":") + (statement.target_met ? "true" : "false");
  }
  json += ",\"leavesRead\":" + std::to_string(report.leaves_read);
  if (report.sample) {
    json += ",\"sample\":{\"drawn\":" + std::to_string(report.sample->drawn) +
            ",\"failed\":" + std::to_string(report.sample->failed) +
            ",\"asked\":" + std::to_string(report.sample->asked) +
            ",\"resolved\":" + std::to_string(report.sample->resolved) +
            ",\"sameContent\":" + std::to_string(report.sample->same_content) +
            ",\"unresolved\":" + std::to_string(report.sample->unresolved);
    json +=
        SampleShares(*report.sample) + ",\"confidence\":" + list(Confidence(*report.sample)) + "}";
  }
  json += ",\"faultsTotal\":" + std::to_string(report.faults_total) + ",\"faults\":[";
  for (std::size_t i = 0; i < report.faults.size(); ++i) {
    const Fault& fault = report.faults[i];
    json += std::string(i > 0 ? "," : "") + "{\"kind\":\"" + std::string(FaultName(fault.kind)) +
            "\",\"detail\":" + JsonString(fault.text.In(language));
    if (fault.leaf) json += ",\"leaf\":" + std::to_string(*fault.leaf);
    json += "}";
  }
  return json + "],\"checked\":" + list(report.checked) +
         ",\"unchecked\":" + list(report.unchecked) + "}";
}

std::string ReportText(const VerifyReport& report, Language language) {
  std::string text;
  if (report.statement) {
    const ledger::Statement& statement = *report.statement;
    const bool final = statement.status == ledger::StatementStatus::kFinal;
    text += Say(language, kTitle, statement.month.Text(), Printable(statement.origin),
                std::string((final ? kFinal : kProvisional).In(language))) +
            "\n";
    Table figures({std::string(messages::kFigure.In(language)),
                   std::string(messages::kCounted.In(language))});
    figures.Add({std::string(messages::kFirstEver.In(language)),
                 FormatCount(statement.figures.first_ever)});
    figures.Add({std::string(messages::kTarget.In(language)), FormatCount(statement.target)});
    text += figures.Text();
    if (statement.target_met) text += std::string(messages::kTargetMet.In(language)) + "\n";
  }
  const auto list = [&](const Text& head, const std::vector<Phrase>& phrases, const char* mark) {
    if (phrases.empty()) return;
    text += std::string(head.In(language)) + "\n";
    for (const Phrase& phrase : phrases) text += mark + Printable(phrase.In(language)) + "\n";
  };
  list(kChecked, report.checked, "  + ");
  if (report.sample) list({"", ""}, Confidence(*report.sample), "  = ");
  list(kUnchecked, report.unchecked, "  - ");
  if (!report.faults.empty()) {
    text += std::string(kFaults.In(language)) + "\n";
    for (const Fault& fault : report.faults) {
      text += "  ! " + Printable(fault.text.In(language)) + "\n";
    }
    if (report.faults_total > report.faults.size()) {
      text +=
          "  ! " + Say(language, kMoreFaults, report.faults_total - report.faults.size()) + "\n";
    }
  }
  switch (CodeOf(report)) {
    case kExitDone:
      return text + std::string(kVerified.In(language)) + "\n";
    case kExitPartly:
      return text + Say(language, kPartly, report.faults_total) + "\n";
    default:
      return text + Say(language, kNotVerified, report.faults_total) + "\n";
  }
}

Result<VerifyOptions> MakeVerifyOptions(const VerifyArguments& arguments) {
  VerifyOptions options;
  const auto month = Month::Parse(arguments.month);
  if (!month.ok()) return Error(Errc::kInvalidRequest, month.error().detail, "month");
  options.month = *month;
  std::vector<std::string> own = arguments.vkeys;
  const auto sm2 = LoadVkeys(arguments.vkeys_sm2);
  if (!sm2.ok()) return Error(sm2.code(), sm2.error().detail, "vkey-sm2");
  for (const ledger::Verifier& key : *sm2) {
    if (key.type() != ledger::SignatureType::kSm2Sm3) {
      return Error(Errc::kInvalidRequest, key.Vkey() + " is not an SM2 key", "vkey-sm2");
    }
  }
  own.insert(own.end(), arguments.vkeys_sm2.begin(), arguments.vkeys_sm2.end());
  auto keys = LoadVkeys(own);
  if (!keys.ok()) return keys.error();
  options.keys = *std::move(keys);
  options.time_zone = arguments.time_zone;
  for (const std::string& prefix : arguments.prefixes) {
    const auto checked = CheckPrefix(prefix);
    if (!checked.ok()) return Error(Errc::kInvalidRequest, checked.error().detail, "prefix");
  }
  options.prefixes = arguments.prefixes;
  auto witnesses = LoadVkeys(arguments.witness_vkeys);
  if (!witnesses.ok()) return witnesses.error();
  options.witnesses = *std::move(witnesses);
  for (const std::string& path : arguments.seen) {
    auto note = LoadFile(path, ledger::kStatementNoteBytesMax);
    if (!note.ok()) return Error(Errc::kInvalidRequest, note.error().detail, "seen");
    options.seen.emplace_back(path, *std::move(note));
  }
  options.since_start = arguments.since_start;
  options.all_months = arguments.all_months;
  options.sample = arguments.sample;
  if (arguments.seed) {
    options.seed = *arguments.seed;
  } else {
    // Drawn here and now: a node that could foresee it would know which leaves to keep right.
    for (const char c : SecureRandom(sizeof options.seed)) {
      options.seed = options.seed << 8 | static_cast<unsigned char>(c);
    }
  }
  options.resolve = !arguments.no_resolve;
  options.leaves = !arguments.only_public;
  options.temp_dir = arguments.temp_dir;
  if (options.temp_dir.empty()) {
    const char* folder = std::getenv("TMPDIR");
    options.temp_dir = folder != nullptr && *folder != '\0' ? folder : "/tmp";
  }
  options.memory_bytes = arguments.memory_mib << 20;
  return options;
}

ExitCode FailOrUsage(Environment& environment, const Error& error) {
  if (error.code == Errc::kInvalidRequest) {
    return FailUsage(environment, error.detail, error.field);
  }
  return Fail(environment, error);
}

ExitCode Interrupted(Environment& environment, bool resumable) {
  environment.err << messages::kInterrupted.In(environment.language) << '\n';
  if (resumable) {
    std::string command;
    for (const std::string& word : environment.arguments) {
      command += (command.empty() ? "" : " ") + ShellQuoted(word);
    }
    environment.err << Say(environment.language, messages::kResumeWith, command) << '\n';
  }
  environment.err << std::flush;
  return kExitInterrupted;
}

/// A callback that shows how far a long reading is, and ends it at a signal.
class Watch {
 public:
  Watch(Environment& environment, Interrupt& interrupt)
      : progress_(environment.err, environment.err_is_terminal, environment.language,
                  environment.clock),
        interrupt_(interrupt) {}

  bool operator()(std::uint64_t done, std::uint64_t total) {
    if (!started_) {
      ProgressState state;
      state.units_total = static_cast<std::int64_t>(total);
      progress_.Start(state);
      started_ = true;
    }
    progress_.Update(static_cast<std::int64_t>(done), static_cast<std::int64_t>(done));
    return !interrupt_.WaitFor(std::chrono::milliseconds(0));
  }
  void Clear() { progress_.Clear(); }

 private:
  Progress progress_;
  Interrupt& interrupt_;
  bool started_ = false;
};

ExitCode RunVerify(const VerifyArguments& arguments, Environment& environment) {
  const auto options = MakeVerifyOptions(arguments);
  if (!options.ok()) return FailUsage(environment, options.error().detail, options.error().field);
  Interrupt interrupt;
  const auto source = OpenSource(arguments.source, environment.options);
  if (!source.ok()) return FailOrUsage(environment, source.error());
  Watch watch(environment, interrupt);
  const auto report = VerifyMonth(**source, *options, std::ref(watch));
  watch.Clear();
  if (interrupt.raised()) return Interrupted(environment, false);
  if (!report.ok()) return FailOrUsage(environment, report.error());
  if (environment.options.json) {
    environment.out << ReportJson(*report, environment.language) << '\n' << std::flush;
  } else {
    environment.out << ReportText(*report, environment.language) << std::flush;
  }
  return CodeOf(*report);
}

ExitCode RunDownload(const DownloadArguments& arguments, Environment& environment) {
  std::optional<Month> month;
  if (!arguments.month.empty()) {
    const auto parsed = Month::Parse(arguments.month);
    if (!parsed.ok()) return FailUsage(environment, parsed.error().detail, "month");
    month = *parsed;
  }
  Interrupt interrupt;
  const auto source = OpenUrl(arguments.source, environment.options);
  if (!source.ok()) return FailOrUsage(environment, source.error());
  Watch watch(environment, interrupt);
  const auto report = MirrorLedger(**source, arguments.source.dir, month, std::ref(watch));
  watch.Clear();
  if (interrupt.raised()) return Interrupted(environment, true);
  if (!report.ok()) return Fail(environment, report.error());
  if (environment.options.json) {
    environment.out << "{\"treeSize\":" << report->tree_size << ",\"fetched\":" << report->fetched
                    << ",\"kept\":" << report->kept << ",\"bytes\":" << report->bytes << "}\n"
                    << std::flush;
  } else {
    environment.err << Say(environment.language, kMirrored, report->fetched, report->bytes,
                           report->kept, report->tree_size)
                    << '\n'
                    << std::flush;
  }
  return kExitDone;
}

void AddConnections(CLI::App* command, CommandLine& line, unsigned& connections) {
  command
      ->add_option("--connections", connections,
                   line.T({"Requests under way at once", "同时进行的请求数"}))
      ->check(CLI::Range(1U, HttpClient::kConnectionsMax))
      ->capture_default_str();
}

void AddVerify(CommandLine& line, CLI::App* parent) {
  auto arguments = std::make_shared<VerifyArguments>();
  CLI::App* verify = line.Add(
      parent, "verify",
      {"Check a month's count: signatures, the log, each leaf, duplicates and figures. Exit code 1 "
       "where something is wrong, with what it is.",
       "核验月度注册量：签名、账本、每条记录、重复标识和各项数字。发现问题时退出码为 1 "
       "并说明原因。"},
      "idnode ledger verify --url https://node.example:8080 --month 2026-11 --vkey node.vkey "
      "--token-file auditor.token\n"
      "idnode ledger verify --dir mirror --month 2026-11 --vkey node.vkey --since-start\n"
      "idnode ledger verify --url https://node.example:8080 --month 2026-11 --vkey node.vkey "
      "--token-file auditor.token --sample 3000");
  CLI::Option* url =
      verify->add_option("--url", arguments->source.url, line.T({"The node", "节点地址"}));
  CLI::Option* dir = verify->add_option(
      "--dir", arguments->source.dir,
      line.T({"A folder made by idnode ledger download", "idnode ledger download 下载的目录"}));
  dir->check(CLI::ExistingDirectory)->excludes(url);
  verify->add_option("--month", arguments->month, line.T({"YYYY-MM", "YYYY-MM"}))->required();
  AddRepeated(verify, "--vkey", arguments->vkeys,
              line.T({"Verifier key of the log: the line, or a file with it, from a source you "
                      "trust",
                      "账本的验证密钥：密钥行或其文件，须来自可信渠道"}))
      ->required();
  AddRepeated(verify, "--vkey-sm2", arguments->vkeys_sm2,
              line.T({"Its SM2 key: must have signed too", "账本的国密 SM2 密钥：须同时签名"}));
  AddRepeated(verify, "--witness-vkey", arguments->witness_vkeys,
              line.T({"Key of a witness to look for", "见证方的验证密钥"}));
  AddRepeated(verify, "--seen", arguments->seen,
              line.T({"Checkpoint seen earlier or elsewhere: must be of the same log",
                      "此前或他处见到的检查点文件：须属于同一账本"}));
  verify->add_flag("--since-start", arguments->since_start,
                   line.T({"Read all leaves from the first: finds what was counted in an earlier "
                           "month",
                           "从第一条记录读起：查出在更早月份已计数的标识"}));
  verify->add_flag("--all-months", arguments->all_months,
                   line.T({"The same, and check the statements of all earlier months",
                           "同上，并核对更早各月的声明"}));
  verify
      ->add_option("--sample", arguments->sample,
                   line.T({"Prove and resolve that many random leaves instead of reading all",
                           "不全部读取，随机抽取若干条记录验证并解析"}))
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{10'000'000}));
  verify->add_option("--seed", arguments->seed,
                     line.T({"Draw the same sample again", "用同一种子重复抽样"}));
  verify->add_flag("--no-resolve", arguments->no_resolve,
                   line.T({"Do not resolve the sample", "不解析抽样标识"}));
  verify
      ->add_flag("--public", arguments->only_public,
                 line.T({"Only what takes no token: signatures, heads, chain, figures; no leaves",
                         "仅核对无需令牌的内容：签名、树头、声明链与数字，不读记录"}))
      ->excludes("--sample", "--since-start", "--all-months");
  verify
      ->add_option("--time-zone", arguments->time_zone,
                   line.T({"Zone that the months are counted in", "月份计数所用的时区"}))
      ->capture_default_str();
  AddRepeated(verify, "--prefix", arguments->prefixes,
              line.T({"Secondary prefix that identifiers must be under, such as 88.108",
                      "标识必须属于的二级前缀，如 88.108"}));
  verify->add_option("--temp-dir", arguments->temp_dir,
                     line.T({"For 24 bytes a leaf where memory does not do (else TMPDIR)",
                             "内存不足时存放临时文件（每条记录 24 字节），默认 TMPDIR"}));
  verify
      ->add_option("--memory", arguments->memory_mib,
                   line.T({"MiB to look for duplicates in", "查重所用内存（MiB）"}))
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{65536}))
      ->capture_default_str();
  AddConnections(verify, line, arguments->source.connections);
  CommandLine::OnRun(verify, line, [arguments](Environment& environment) {
    if (arguments->source.url.empty() == arguments->source.dir.empty()) {
      return FailUsage(environment, "--url or --dir is needed", "url");
    }
    return RunVerify(*arguments, environment);
  });
}

void AddDownload(CommandLine& line, CLI::App* parent) {
  auto arguments = std::make_shared<DownloadArguments>();
  CLI::App* download = line.Add(
      parent, "download",
      {"Copy what verifying needs into a folder; run again, it goes on where it stopped.",
       "把核验所需文件下载到目录；再次运行会从中断处继续。"},
      "idnode ledger download --url https://node.example:8080 --dir mirror --month 2026-11 "
      "--token-file auditor.token");
  download->add_option("--url", arguments->source.url, line.T({"The node", "节点地址"}))
      ->required();
  download->add_option("--dir", arguments->source.dir, line.T({"The folder", "目录"}))->required();
  download->add_option(
      "--month", arguments->month,
      line.T({"YYYY-MM: the leaves of that month; else all", "YYYY-MM：只下载该月记录；默认全部"}));
  AddConnections(download, line, arguments->source.connections);
  CommandLine::OnRun(download, line, [arguments](Environment& environment) {
    return RunDownload(*arguments, environment);
  });
}

}  // namespace

void AddLedger(CommandLine& line) {
  CLI::App* command = line.Add(
      nullptr, "ledger",
      {"Check a node's count from its ledger, without trusting the node.",
       "根据存证账本核验节点的注册量，无需信任节点。"},
      "idnode ledger verify --url https://node.example:8080 --month 2026-11 --vkey node.vkey "
      "--token-file auditor.token\n"
      "idnode ledger download --url https://node.example:8080 --dir mirror --month 2026-11 "
      "--token-file auditor.token");
  command->require_subcommand(1);
  AddVerify(line, command);
  AddDownload(line, command);
}

}  // namespace idnode::cli
