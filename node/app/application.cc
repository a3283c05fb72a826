#include "node/app/application.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "node/base/log.h"
#include "node/service/retention.h"

namespace idnode::app {
namespace {

constexpr std::chrono::milliseconds kWatchPeriod(1'000);
/// Retention is counted in hours and days: a few minutes more or less do not matter.
constexpr std::chrono::milliseconds kRetentionPeriod(600'000);
constexpr std::chrono::milliseconds kFlushPeriod(60'000);
/// The audit log is kept for days.
constexpr std::chrono::milliseconds kAuditTrimPeriod(3'600'000);
/// Stop waits for the task that runs.
constexpr std::chrono::milliseconds kFlushMax(5'000);

}  // namespace

Application::Application(const Config& config, const Clock& clock)
    : config_(config), clock_(clock), metrics_(MakePrometheusMetrics()), maintenance_(clock) {}

Application::~Application() {
  maintenance_.Stop();
  StopFaces();
}

Result<std::unique_ptr<Application>> Application::Open(const Config& config, const Clock& clock) {
  std::unique_ptr<Application> application(new Application(config, clock));
  auto directory = DataDirectory::Open(config.node.data_dir);
  if (!directory.ok()) return directory.error();
  application->directory_ = *std::move(directory);
  auto core = Core::Open(config, application->directory_->path(),
                         application->directory_->StorePath(), clock, *application->metrics_);
  if (!core.ok()) return core.error();
  application->core_ = *std::move(core);
  application->maintenance_.Add("watch registering", kWatchPeriod,
                                [app = application.get()] { app->WatchRegistering(); });
  application->AddRetention();
  application->AddAuditRetention();
  application->faces_ = MakeFaces(config, application->core_->services(),
                                  application->core_->engine().GetCapabilities().local_reads);
  return application;
}

Result<void> Application::Start() {
  for (auto& face : faces_) {
    if (auto started = face.frontend->Start(); !started.ok()) {
      StopFaces();
      return Prefix("starting the " + face.name + " face", started.error());
    }
    ++faces_started_;
    ports_.*face.port = face.frontend->Port();
  }
  WatchRegistering();
  maintenance_.Start();
  core_->StartLedger();
  core_->SetReady(true);
  if (auto written = directory_->WritePorts(ports_); !written.ok()) {
    core_->SetReady(false);
    maintenance_.Stop();
    StopFaces();
    return written;
  }
  LogInfo("node ready", {{"http", ports_.http},
                         {"grpc", ports_.grpc},
                         {"admin", ports_.admin},
                         {"data_dir", directory_->path()}});
  return {};
}

void Application::AddRetention() {
  auto retention = std::make_shared<service::Retention>(
      core_->engine(), clock_,
      service::RetentionOptions{
          std::chrono::hours(config_.retention.feed_hours),
          [&guard = core_->services().clock_guard] { return guard.TrustedMs(); },
          [core = core_.get()](storage::ShardId shard) { return core->FeedFollowedUpTo(shard); },
          [core = core_.get()] { return core->Draining(); }, &core_->committer()});
  maintenance_.Add("resolved identifiers", kFlushPeriod, [this, core = core_.get()] {
    (void)core->FlushLedger(clock_.After(kFlushMax));
  });
  maintenance_.Add("retention", kRetentionPeriod, [retention] {
    if (auto kept = retention->Run(); !kept.ok()) {
      LogWarning("retention failed; it is tried again", {{"detail", kept.error().detail}});
    }
  });
}

void Application::AddAuditRetention() {
  maintenance_.Add("audit retention", kAuditTrimPeriod, [this, core = core_.get()] {
    const auto dropped = core->TrimAudit(clock_.After(kFlushMax));
    if (!dropped.ok()) {
      LogWarning("old entries of the audit log were not dropped; it is tried again",
                 {{"detail", dropped.error().detail}});
    } else if (*dropped > 0) {
      LogInfo("old entries of the audit log dropped", {{"entries", *dropped}});
    }
  });
}

void Application::AddMaintenance(std::string name, std::chrono::milliseconds period,
                                 std::function<void()> run) {
  maintenance_.Add(std::move(name), period, std::move(run));
}

void Application::Stop() {
  if (std::exchange(stopped_, true)) return;
  const Deadline deadline = clock_.After(std::chrono::milliseconds(config_.shutdown.drain_ms));
  core_->BeginDrain();
  directory_->RemovePorts();
  LogInfo("draining", {{"deadline_ms", config_.shutdown.drain_ms}});
  maintenance_.Stop();

  // At once, so that one face's stragglers leave the others their time. Administration goes last:
  // it answers that the node is not ready.
  std::vector<std::thread> drains;
  for (std::size_t i = 0; i < faces_started_; ++i) {
    if (faces_[i].port == &Ports::admin) continue;
    drains.emplace_back([&face = faces_[i], deadline] { face.frontend->Drain(deadline); });
  }
  for (auto& drain : drains) drain.join();
  core_->DrainCommits(deadline);
  StopFaces();
  LogInfo("node stopped");
}

void Application::StopFaces() {
  while (faces_started_ > 0) faces_[--faces_started_].frontend->Stop();
  // Faces hold references to the services: they go first.
  faces_.clear();
}

bool Application::ReloadTls() {
  bool fine = true;
  for (std::size_t i = 0; i < faces_started_; ++i) {
    auto& face = faces_[i];
    if (auto reloaded = face.frontend->ReloadTls(); reloaded.ok()) {
      LogInfo("certificates reloaded", {{"face", face.name}});
    } else {
      LogError("certificates not reloaded; the old ones stay in use",
               {{"face", face.name}, {"detail", reloaded.error().detail}});
      fine = false;
    }
  }
  return fine;
}

void Application::WatchRegistering() {
  const auto registering = core_->Registering();
  if (registering.ok() == was_registering_) return;
  was_registering_ = registering.ok();
  if (was_registering_) {
    LogInfo("registration goes on");
  } else {
    LogError("registration stopped",
             {{"reason", ErrcName(registering.code())}, {"detail", registering.error().detail}});
  }
}

}  // namespace idnode::app
