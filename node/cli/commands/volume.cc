#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "node/cli/client.h"
#include "node/cli/command_line.h"
#include "node/cli/commands.h"
#include "node/cli/interrupt.h"
#include "node/cli/messages.h"
#include "node/cli/output.h"
#include "node/cli/progress.h"

namespace idnode::cli {
namespace {

constexpr std::size_t kBarCells = 30;
constexpr std::chrono::milliseconds kProgressInterval{1'000};

struct Options {
  std::string month;
  std::string group_by;
  bool watch = false;
  double interval_s = 2;
};

std::string Percent(std::int64_t part, std::int64_t whole) {
  if (whole <= 0) return {};
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%",
                100.0 * static_cast<double>(part) / static_cast<double>(whole));
  return text;
}

std::string VolumeText(const v1::Volume& volume, Language language) {
  const auto name = [language](const Text& text) { return std::string(text.In(language)); };
  std::string text = Say(language, messages::kVolumeTitle, volume.month(), volume.time_zone());
  text += "\n";
  Table figures({name(messages::kFigure), name(messages::kCounted)});
  const std::pair<Text, std::int64_t> rows[] = {
      {messages::kFirstEver, volume.first_ever()},
      {messages::kRegistrations, volume.registrations()},
      {messages::kReRegistrations, volume.re_registrations()},
      {messages::kDeletions, volume.deletions()},
      {messages::kNet, volume.net()},
      {messages::kReported, volume.reported()},
      {messages::kTarget, volume.target()},
  };
  for (const auto& [label, count] : rows) figures.Add({name(label), FormatCount(count)});
  text += figures.Text();
  if (volume.target() > 0) {
    text += Bar(volume.first_ever(), volume.target(), kBarCells) + " " +
            Percent(volume.first_ever(), volume.target()) + "  " +
            (volume.target_met() ? name(messages::kTargetMet)
                                 : Say(language, messages::kTargetLeft,
                                       FormatCount(volume.target() - volume.first_ever()))) +
            "\n";
  }
  if (volume.groups().empty()) return text;
  Table groups({name(messages::kGroup), name(messages::kFirstEver), name(messages::kRegistrations),
                name(messages::kReRegistrations), name(messages::kDeletions),
                name(messages::kNet)});
  for (const v1::VolumeGroup& group : volume.groups()) {
    groups.Add({group.key().empty() ? "-" : Printable(group.key()), FormatCount(group.first_ever()),
                FormatCount(group.registrations()), FormatCount(group.re_registrations()),
                FormatCount(group.deletions()), FormatCount(group.net())});
  }
  return text + "\n" + groups.Text();
}

ExitCode ShowOnce(const Options& options, const Client& client, Environment& environment) {
  v1::GetVolumeRequest request;
  request.set_month(options.month);
  request.set_group_by(options.group_by);
  auto volume = client.Call(&v1::VolumeService::Stub::GetVolume, client.volume(), request);
  if (!volume.ok()) return Fail(environment, volume.error());
  std::string text;
  if (environment.options.json) {
    text = ToJson(*volume, true) + "\n";
  } else {
    // Watched on a terminal, the table stays in its place.
    if (options.watch && environment.out_is_terminal) text = "\x1b[H\x1b[J";
    text += VolumeText(*volume, environment.language);
  }
  environment.out << text << std::flush;
  return kExitDone;
}

ExitCode Show(const Options& options, Environment& environment) {
  if (!options.watch) {
    const auto client = Connect(environment);
    return client ? ShowOnce(options, *client, environment) : kExitUsage;
  }
  Interrupt interrupt;
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  const std::chrono::milliseconds interval(static_cast<std::int64_t>(options.interval_s * 1000));
  do {
    const ExitCode code = ShowOnce(options, *client, environment);
    if (code != kExitDone && code != kExitTryAgain) return code;
  } while (!interrupt.WaitFor(interval));
  return kExitInterrupted;
}

ExitCode ReportRecount(const v1::RecountReport& report, Environment& environment) {
  const Language language = environment.language;
  if (environment.options.json) {
    environment.out << ToJson(report, true) << '\n' << std::flush;
    return report.equal() ? kExitDone : kExitFailed;
  }
  if (report.equal()) {
    environment.out << Say(language, messages::kRecountEqual, report.month(),
                           FormatCount(report.records()),
                           FormatCount(report.counters().first_ever()))
                    << '\n'
                    << std::flush;
    return kExitDone;
  }
  const auto name = [language](const Text& text) { return std::string(text.In(language)); };
  Table table({name(messages::kDimension), name(messages::kKey), name(messages::kFigure),
               name(messages::kCounted), name(messages::kRecounted)});
  for (const v1::RecountDifference& difference : report.differences()) {
    table.Add({difference.dimension(), Printable(difference.key()), difference.figure(),
               FormatCount(difference.counted()), FormatCount(difference.recounted())});
  }
  environment.out << table.Text() << std::flush;
  environment.err << Say(language, messages::kRecountDiffers, report.month()) << '\n';
  return kExitFailed;
}

ExitCode Recount(const Options& options, Environment& environment) {
  const auto client = Connect(environment);
  if (!client) return kExitUsage;
  v1::RecountRequest request;
  request.set_month(options.month);
  if (options.month.empty()) {
    // Which month is running is for the node's clock and time zone to say.
    auto volume =
        client->Call(&v1::VolumeService::Stub::GetVolume, client->volume(), v1::GetVolumeRequest());
    if (!volume.ok()) return Fail(environment, volume.error());
    request.set_month(volume->month());
  }
  // A recount reads every record: it takes as long as it takes, and shows how far it is.
  const auto context = client->NewContext(std::chrono::milliseconds(0));
  const auto stream = client->volume().Recount(context.get(), request);
  v1::RecountProgress progress;
  v1::RecountReport report;
  bool reported = false;
  bool shown = false;
  Deadline next_print = environment.clock.Monotonic() + kProgressInterval;
  while (stream->Read(&progress)) {
    if (progress.has_report()) {
      report = progress.report();
      reported = true;
    } else if (environment.err_is_terminal && environment.clock.Monotonic() >= next_print) {
      next_print = environment.clock.Monotonic() + kProgressInterval;
      environment.err << '\r'
                      << Say(environment.language, messages::kRecounting, progress.shards_done(),
                             progress.shards(), FormatCount(progress.records()))
                      << "\x1b[K" << std::flush;
      shown = true;
    }
  }
  if (shown) environment.err << "\r\x1b[K" << std::flush;
  const grpc::Status status = stream->Finish();
  if (!status.ok()) return Fail(environment, client->WithServer(ErrorOf(status, *context)));
  if (!reported) {
    return Fail(environment, Error(Errc::kUnavailable, "the node ended without a report"));
  }
  return ReportRecount(report, environment);
}

}  // namespace

void AddVolume(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App* command =
      line.Add(nullptr, "volume", {"Show the registration volume of a month.", "查看月度注册量。"},
               "idnode volume\n"
               "idnode volume --month 2026-11 --group-by day\n"
               "idnode volume --watch\n"
               "idnode volume recount --month 2026-11");
  command->add_option("--month", options->month,
                      line.T({"YYYY-MM; else the running month", "YYYY-MM；默认当月"}));
  command->add_option("--group-by", options->group_by, line.T({"Break the figures down", "分组"}))
      ->check(CLI::IsMember({"day", "secondary-prefix", "enterprise-prefix", "application",
                             "object-class", "template", "attributes", "industry", "region",
                             "source-address"}));
  command->add_flag("--watch", options->watch,
                    line.T({"Show again until interrupted", "持续刷新，直到中断"}));
  command
      ->add_option("--interval", options->interval_s,
                   line.T({"Seconds between two looks of --watch", "--watch 的刷新间隔（秒）"}))
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  CommandLine::OnRun(command, line,
                     [options](Environment& environment) { return Show(*options, environment); });

  CLI::App* recount =
      line.Add(command, "recount",
               {"Count a month again from the records and compare; exit code 1 where they differ.",
                "按记录重新核对当月计数；不一致时退出码为 1。"},
               "idnode volume recount --month 2026-11");
  recount->add_option("--month", options->month,
                      line.T({"YYYY-MM; else the running month", "YYYY-MM；默认当月"}));
  CommandLine::OnRun(recount, line, [options](Environment& environment) {
    return Recount(*options, environment);
  });
}

}  // namespace idnode::cli
