#include "node/cli/ledger/rank.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/ledger/file_util.h"
#include "node/cli/ledger/verify.h"
#include "node/cli/ledger/vkeys.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"

namespace idnode::cli {
namespace {

constexpr Text kTitle{"Registration volume $0, target $1", "$0 注册量排名，目标 $1"};
constexpr Text kRank{"rank", "名次"};
constexpr Text kNode{"node", "节点"};
constexpr Text kTop{"top two", "前两名"};
constexpr Text kEligible{"eligible", "符合条件"};
constexpr Text kStatus{"statement", "声明"};
constexpr Text kFinal{"final", "终计"};
constexpr Text kProvisional{"provisional", "暂计"};
constexpr Text kNotYet{"not yet", "尚未"};
constexpr Text kDoesNotVerify{"does not verify: $0", "未通过核验：$0"};

struct Arguments {
  std::vector<std::string> notes;
  std::vector<std::string> vkeys;
  std::string month;
  std::int64_t target = kMonthlyTarget;
  std::string time_zone = std::string(kCountingZone);
};

bool IsFinal(const RankRow& row) {
  return row.statement->status == ledger::StatementStatus::kFinal;
}

std::string RowJson(const RankRow& row, Language language) {
  const auto boolean = [](bool value) { return std::string(value ? "true" : "false"); };
  std::string json = "{\"file\":" + JsonString(row.name);
  if (row.statement) {
    json += ",\"origin\":" + JsonString(row.statement->origin) + ",\"month\":\"" +
            row.statement->month.Text() + "\",\"status\":\"" +
            (IsFinal(row) ? "final" : "provisional") +
            "\",\"firstEver\":" + std::to_string(row.statement->figures.first_ever);
  }
  json += ",\"verified\":" + boolean(row.verified());
  if (!row.verified()) return json + ",\"fault\":" + JsonString(row.fault->In(language)) + "}";
  if (row.note) json += ",\"note\":" + JsonString(row.note->In(language));
  return json + ",\"rank\":" + std::to_string(row.rank) +
         ",\"meetsTarget\":" + boolean(row.meets_target) + ",\"topTwo\":" + boolean(row.top) +
         ",\"eligible\":" + boolean(row.eligible) + "}";
}

std::string TableText(const std::vector<RankRow>& rows, std::int64_t target, Language language) {
  const auto word = [&](const Text& text) { return std::string(text.In(language)); };
  const auto yes = [&](bool value) { return word(value ? messages::kYes : messages::kNo); };
  Table table({word(kRank), word(kNode), word(messages::kFirstEver), word(messages::kTargetMet),
               word(kTop), word(kEligible), word(kStatus)});
  std::string month;
  for (const RankRow& row : rows) {
    if (!row.verified()) {
      table.Add({"-", Printable(row.statement ? row.statement->origin : row.name),
                 row.statement ? FormatCount(row.statement->figures.first_ever) : "-", "-", "-",
                 "-", Say(language, kDoesNotVerify, Printable(row.fault->In(language)))});
      continue;
    }
    month = row.statement->month.Text();
    const bool would_be = row.meets_target && row.top && !IsFinal(row);
    table.Add({std::to_string(row.rank), Printable(row.statement->origin),
               FormatCount(row.statement->figures.first_ever), yes(row.meets_target), yes(row.top),
               would_be ? word(kNotYet) : yes(row.eligible),
               word(IsFinal(row) ? kFinal : kProvisional) +
                   (row.note ? "; " + Printable(row.note->In(language)) : std::string())});
  }
  const std::string title =
      month.empty() ? std::string() : Say(language, kTitle, month, FormatCount(target)) + "\n";
  return title + table.Text();
}

ExitCode Run(const Arguments& arguments, Environment& environment) {
  std::optional<Month> month;
  if (!arguments.month.empty()) {
    const auto parsed = Month::Parse(arguments.month);
    if (!parsed.ok()) return FailUsage(environment, parsed.error().detail, "month");
    month = *parsed;
  }
  const auto keys = LoadVkeys(arguments.vkeys);
  if (!keys.ok()) return FailUsage(environment, keys.error().detail, keys.error().field);
  std::vector<RankEntry> entries;
  for (const std::string& path : arguments.notes) {
    auto note = LoadFile(path, ledger::kStatementNoteBytesMax);
    if (!note.ok()) return FailUsage(environment, note.error().detail, "NOTE");
    entries.push_back({path, *std::move(note)});
  }
  if (!IsZoneName(arguments.time_zone)) {
    return FailUsage(environment, "\"" + arguments.time_zone + "\" is not a time zone",
                     "time-zone");
  }
  const auto zone = TimeZone::Load(arguments.time_zone);
  if (!zone.ok()) return FailUsage(environment, zone.error().detail, "time-zone");
  const std::vector<RankRow> rows = RankStatements(entries, *keys, month, arguments.target, *zone);
  if (environment.options.json) {
    std::string json = "{\"target\":" + std::to_string(arguments.target) + ",\"rows\":[";
    for (std::size_t i = 0; i < rows.size(); ++i) {
      json += (i > 0 ? "," : "") + RowJson(rows[i], environment.language);
    }
    environment.out << json << "]}\n" << std::flush;
  } else {
    environment.out << TableText(rows, arguments.target, environment.language) << std::flush;
  }
  const auto verified =
      std::count_if(rows.begin(), rows.end(), [](const RankRow& row) { return row.verified(); });
  if (verified == 0) return kExitFailed;
  return static_cast<std::size_t>(verified) == rows.size() ? kExitDone : kExitPartly;
}

}  // namespace

void AddRank(CommandLine& line) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = line.Add(
      nullptr, "rank",
      {"Verify several nodes' statements of a month and rank them; exit code 3 where some do not "
       "verify.",
       "核验多个节点的月度声明并排名；有声明未通过时退出码为 3。"},
      "idnode rank a.note b.note c.note --vkey a.vkey --vkey b.vkey --vkey c.vkey");
  command
      ->add_option("NOTE", arguments->notes,
                   line.T({"Signed statements (/ledger/statement/YYYY-MM)",
                           "已签名的声明（/ledger/statement/YYYY-MM）"}))
      ->required();
  AddRepeated(command, "--vkey", arguments->vkeys,
              line.T({"Verifier key of a node: the line, or a file with it; found by its name",
                      "节点的验证密钥：密钥行或其文件；按名称匹配"}))
      ->required();
  command->add_option("--month", arguments->month,
                      line.T({"YYYY-MM; else that of the first statement that verifies",
                              "YYYY-MM；默认取第一份通过核验的声明"}));
  command
      ->add_option("--target", arguments->target,
                   line.T({"First-ever registrations to reach", "首次注册量目标"}))
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 62))
      ->capture_default_str();
  command
      ->add_option("--time-zone", arguments->time_zone,
                   line.T({"Zone that the months are counted in", "月份计数所用的时区"}))
      ->capture_default_str();
  CommandLine::OnRun(command, line, [arguments](Environment& environment) {
    return Run(*arguments, environment);
  });
}

}  // namespace idnode::cli
