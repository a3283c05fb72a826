#include "tests/node/service/test_node.h"

#include <array>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace idnode::service {

class TestNode::State_ : public NodeState {
 public:
  explicit State_(TestNode& node) : node_(node) {}
  Result<void> Registering() const override { return node_.clock_guard->Check(); }
  bool Ready() const override { return true; }
  std::string EngineName() const override { return node_.engine->GetCapabilities().name; }
  std::uint32_t Shards() const override { return node_.engine->ShardCount(); }
  std::string TimeZoneName() const override { return node_.zone.name(); }

 private:
  TestNode& node_;
};

TestNode::TestNode(TestNodeOptions options) : zone(*TimeZone::Load("Asia/Shanghai")) {
  std::string pattern = (std::filesystem::temp_directory_path() / "idnode-test-XXXXXX").string();
  IDNODE_CHECK(mkdtemp(pattern.data()) != nullptr);
  data_dir = pattern;
  engine = std::move(options.given_engine);
  if (engine == nullptr) {
    storage::EngineOptions engine_options;
    engine_options.engine = options.engine;
    engine_options.dir = options.engine_dir.empty() ? data_dir + "/store" : options.engine_dir;
    engine_options.shards = options.shards;
    engine_options.reserve_free_bytes = 0;
    auto opened = storage::OpenEngine(engine_options);
    IDNODE_CHECK(opened.ok());
    engine = std::move(*opened);
  }
  clock_guard = std::make_unique<ClockGuard>(clock, ClockGuardOptions{});
  options.committer.trusted_time = [this] { return clock_guard->TrustedMs(); };
  committer =
      std::make_unique<storage::Committer>(*engine, clock, zone, metrics, options.committer);
  writer = std::make_unique<Writer>(*committer);
  clock_guard->Start(*committer->LastCommitMs(Soon()));
  access = std::make_unique<AccessControl>(*engine, *writer, clock);
  IDNODE_CHECK(access->Load(data_dir).ok());
  prefixes = std::make_unique<PrefixRegistry>(*engine, *writer, clock, options.prefixes);
  IDNODE_CHECK(prefixes->Load().ok());
  registration = std::make_unique<RegistrationService>(*engine, *committer, *prefixes, *clock_guard,
                                                       clock, metrics, options.limits);
  resolution = std::make_unique<ResolutionService>(*engine, *prefixes, metrics, ResolutionLimits{});
  volume = std::make_unique<VolumeService>(*engine, *committer, clock, zone, options.target);
  state_ = std::make_unique<State_>(*this);
  auto root = std::make_shared<Caller>();
  root->role = Role::kOperator;
  operator_ = root;
}

TestNode::~TestNode() {
  committer->Drain(clock.After(std::chrono::seconds(5)));
  registration.reset();
  committer.reset();
  engine.reset();
  std::error_code ignored;
  std::filesystem::remove_all(data_dir, ignored);
}

Services TestNode::services() {
  return Services{*access,      *prefixes, *registration, *resolution, *volume,
                  *clock_guard, clock,     metrics,       *state_};
}

CallerRef TestNode::ApplicationCaller(const std::string& name,
                                      std::vector<std::string> own_prefixes) const {
  auto caller = std::make_shared<Caller>();
  caller->role = Role::kApplication;
  caller->application = name;
  caller->prefixes = std::move(own_prefixes);
  return caller;
}

Result<BatchResult> TestNode::Run(const CallerRef& caller, std::string_view request_id,
                                  std::size_t items, const std::function<void(Batch&)>& fill) {
  auto batch = registration->NewBatch(caller, request_id, items, 1);
  if (!batch.ok()) return batch.error();
  fill(**batch);
  return registration->Run(std::move(*batch), Soon());
}

std::vector<ItemResult> TestNode::RegisterMany(const std::vector<std::string>& identifiers,
                                               std::string_view request_id, std::string_view url) {
  std::array<ValueView, 1> values;
  values[0].index = 1;
  values[0].type = "URL";
  values[0].data = url;
  auto result = Run(operator_, request_id, identifiers.size(), [&](Batch& batch) {
    for (const auto& identifier : identifiers) {
      batch.AddRegister({identifier, {"product", "", "", values}});
    }
  });
  EXPECT_TRUE(result.ok()) << result.error().detail;
  return result.ok() ? result->results : std::vector<ItemResult>(identifiers.size());
}

ItemResult TestNode::Register(std::string_view identifier, std::string_view url) {
  return RegisterMany({std::string(identifier)}, {}, url)[0];
}

ItemResult TestNode::Delete(std::string_view identifier) {
  return (*Run(operator_, {}, 1, [&](Batch& batch) { batch.AddDelete(identifier, 0); })).results[0];
}

ItemResult TestNode::SetState(std::string_view identifier, State state) {
  return (*Run(operator_, {}, 1, [&](Batch& batch) { batch.AddSetState(identifier, state, 0); }))
      .results[0];
}

ItemResult TestNode::Update(const UpdateInput& input) {
  return (*Run(operator_, {}, 1, [&](Batch& batch) { batch.AddUpdate(input); })).results[0];
}

storage::Figures TestNode::Volume(std::string_view month) {
  auto report = volume->GetVolume(*operator_, month, {}, Soon());
  EXPECT_TRUE(report.ok());
  return report.ok() ? report->figures : storage::Figures{};
}

void TestNode::ExpectRecountEqual(std::string_view month) {
  auto report = volume->Recount(*operator_, month, nullptr);
  ASSERT_TRUE(report.ok()) << report.error().detail;
  for (const auto& difference : report->differences) {
    ADD_FAILURE() << month << " " << difference.dimension << " \"" << difference.key << "\" "
                  << difference.figure << ": counted " << difference.counted << ", recounted "
                  << difference.recounted;
  }
}

}  // namespace idnode::service
