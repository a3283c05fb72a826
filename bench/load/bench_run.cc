#include "bench/load/bench_run.h"

#include <thread>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "bench/load/progress.h"
#include "bench/load/register_session.h"
#include "idnode/v1/volume.grpc.pb.h"

namespace idnode::bench {
namespace {

constexpr std::chrono::milliseconds kSettleStep{250};
constexpr std::chrono::seconds kSettledAfter{3};
constexpr std::chrono::seconds kVolumeDeadline{30};

Result<v1::Volume> GetVolume(NodeProcess& node, const std::string& month) {
  const auto stub = v1::VolumeService::NewStub(OwnChannel(node.grpc_target()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kVolumeDeadline);
  v1::GetVolumeRequest request;
  request.set_month(month);
  v1::Volume volume;
  const grpc::Status status = stub->GetVolume(&context, request, &volume);
  if (!status.ok()) return Error(Errc::kUnavailable, "GetVolume: " + status.error_message());
  return volume;
}

}  // namespace

Sizes Sizes::Quick() {
  Sizes sizes;
  sizes.repeats = 1;
  sizes.rows_of_batch_1 = 500;
  sizes.rows_of_batch_100 = 5'000;
  sizes.rows_of_batch_1000 = 20'000;
  sizes.raw_seconds_max = 0.2;
  sizes.all_in_one_go = 200'000;
  sizes.stored = {100'000};
  sizes.warm_up = std::chrono::milliseconds(200);
  sizes.resolve_time = std::chrono::milliseconds(500);
  sizes.latency_time = std::chrono::milliseconds(500);
  sizes.settle_max = std::chrono::milliseconds(1'000);
  return sizes;
}

std::string CountName(std::uint64_t count) {
  if (count >= 1'000'000 && count % 1'000'000 == 0) return std::to_string(count / 1'000'000) + "m";
  if (count >= 1'000 && count % 1'000 == 0) return std::to_string(count / 1'000) + "k";
  return std::to_string(count);
}

void BenchRun::Add(Figure figure) {
  std::string line = figure.name + ": " + FormatNumber(figure.value) + " " + figure.unit;
  if (figure.baseline.has_value()) line += " (baseline " + FormatNumber(*figure.baseline) + ")";
  Say(line);
  figures_.push_back(std::move(figure));
}

Result<std::unique_ptr<TempDir>> BenchRun::NewDir() const {
  return TempDir::Make(options_.work_dir);
}

Result<BenchRun::Node> BenchRun::NewNode(const std::map<std::string, std::string>& environment) {
  DropStoredNode();
  Node node;
  auto dir = NewDir();
  if (!dir.ok()) return dir.error();
  node.dir = std::move(*dir);
  IDNODE_RETURN_IF_ERROR(Restart(node, environment));
  return node;
}

Result<void> BenchRun::Restart(Node& node,
                               const std::map<std::string, std::string>& environment) const {
  node.process.reset();
  auto process = NodeProcess::Start(
      {options_.node_program, node.data_dir(), node.dir->path() + "/idnoded.log", environment});
  if (!process.ok()) return process.error();
  node.process = std::move(*process);
  return {};
}

DataSet BenchRun::StoredData() { return DataSet{Order::kSequential, 16, 1'000, 1}; }

Result<BenchRun::Node*> BenchRun::StoredNode(std::uint64_t rows) {
  if (stored_rows_ == rows && stored_.process != nullptr) return &stored_;
  auto node = NewNode();
  if (!node.ok()) return node.error();
  RegisterPlan plan;
  plan.data = StoredData();
  plan.rows = rows;
  auto loaded = RegisterAll(plan, *node->process, "loading " + CountName(rows));
  if (!loaded.ok()) return Prefix("loading " + CountName(rows), loaded.error());
  stored_ = std::move(*node);
  stored_rows_ = rows;
  if (auto settled = Settle(stored_.data_dir()); !settled.ok()) return settled.error();
  return &stored_;
}

void BenchRun::DropStoredNode() {
  stored_.process.reset();
  stored_.dir.reset();
  stored_rows_ = 0;
}

Result<std::uint64_t> BenchRun::Settle(const std::string& dir) const {
  const auto give_up = std::chrono::steady_clock::now() + sizes().settle_max;
  std::uint64_t bytes = DiskBytes(dir);
  auto same_since = std::chrono::steady_clock::now();
  while (true) {
    const auto now = std::chrono::steady_clock::now();
    if (now - same_since >= kSettledAfter || now >= give_up) return bytes;
    if (Interrupted()) return InterruptedError();
    std::this_thread::sleep_for(kSettleStep);
    const std::uint64_t present = DiskBytes(dir);
    if (present != bytes) {
      bytes = present;
      same_since = std::chrono::steady_clock::now();
    }
  }
}

Result<RegisterRunResult> RegisterAll(const RegisterPlan& plan, NodeProcess& node,
                                      const std::string& what) {
  BatchSource source(plan);
  Progress progress(what, plan.rows);
  const double client_cpu = OwnCpuSeconds();
  const double node_cpu = node.child().CpuSeconds();
  const auto start = std::chrono::steady_clock::now();
  IDNODE_RETURN_IF_ERROR(
      RegisterOverGrpc(source, node.grpc_target(), node.token(), [&](std::uint64_t answered) {
        progress.Update(answered);
        return true;
      }));
  RegisterRunResult result;
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.client_cpu_seconds = OwnCpuSeconds() - client_cpu;
  result.node_cpu_seconds = node.child().CpuSeconds() - node_cpu;
  result.tally = source.tally();
  if (result.tally.count(v1::REGISTERED) != plan.rows) {
    return Error(Errc::kInternal, std::to_string(result.tally.count(v1::REGISTERED)) + " of " +
                                      std::to_string(plan.rows) +
                                      " are REGISTERED: " + result.tally.first_detail);
  }
  return result;
}

Result<std::int64_t> FirstEverVolume(NodeProcess& node, std::string& month) {
  auto running = GetVolume(node, "");
  if (!running.ok()) return running.error();
  if (month.empty()) month = running->month();
  if (month == running->month()) return running->first_ever();
  auto before = GetVolume(node, month);
  if (!before.ok()) return before.error();
  return before->first_ever() + running->first_ever();
}

std::vector<Scenario> AllScenarios(const Sizes& sizes) {
  std::vector<Scenario> scenarios;
  AddRegisterScenarios(sizes, scenarios);
  AddLatencyScenarios(sizes, scenarios);
  AddVolumeScenarios(sizes, scenarios);
  AddLedgerScenarios(sizes, scenarios);
  AddTemplateScenarios(sizes, scenarios);
  AddResolveScenarios(sizes, scenarios);
  AddAccessScenarios(sizes, scenarios);
  return scenarios;
}

}  // namespace idnode::bench
