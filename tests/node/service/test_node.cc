#include "tests/node/service/test_node.h"

#include <array>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "node/model/codes.h"

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
  MakeAdministration(options);
  registration = std::make_unique<RegistrationService>(*engine, *committer, *prefixes, *clock_guard,
                                                       clock, metrics, options.limits);
  registration->SetTemplates(templates.get());
  registration->SetAudit(audit.get());
  resolution = std::make_unique<ResolutionService>(*engine, *prefixes, metrics, ResolutionLimits{});
  volume = std::make_unique<VolumeService>(*engine, *committer, clock, zone, options.target);
  state_ = std::make_unique<State_>(*this);
  auto root = std::make_shared<Caller>();
  root->role = Role::kOperator;
  operator_ = root;
}

void TestNode::MakeAdministration(const TestNodeOptions& options) {
  audit = std::make_unique<AuditLog>(*engine, *committer, clock, metrics, options.audit);
  enterprises = std::make_unique<EnterpriseRegistry>(*engine, *audit, clock);
  IDNODE_CHECK(enterprises->Load().ok());
  prefixes = std::make_unique<PrefixRegistry>(*engine, *audit, *enterprises, clock, metrics,
                                              options.prefixes);
  IDNODE_CHECK(prefixes->Load().ok());
  access = std::make_unique<AccessControl>(*engine, *audit, *prefixes, clock);
  IDNODE_CHECK(access->Load(data_dir).ok());
  templates =
      std::make_unique<TemplateRegistry>(*engine, *audit, *prefixes, clock, options.templates);
  IDNODE_CHECK(templates->Load().ok());
  grants = std::make_unique<GrantStore>(*engine, *audit, *prefixes, clock);
  grants->SetApplications([this](std::string_view name) { return access->Exists(name); });
  IDNODE_CHECK(grants->Load().ok());
  users = std::make_unique<UserStore>(*engine, *audit, *enterprises, clock, options.users);
  IDNODE_CHECK(users->Load(data_dir).ok());
  access->SetUsers(users.get());
  auto made = Throttle::Make(options.throttle, clock, metrics);
  IDNODE_CHECK(made.ok());
  throttle = std::move(*made);
  disclosure = std::make_unique<DisclosurePolicy>(*templates, *grants, *prefixes, clock);
  admin = std::make_unique<Administration>(
      Administration{*audit, *enterprises, *templates, *grants, *users, *disclosure, *throttle});
}

TestNode::~TestNode() {
  (void)audit->Flush(Soon());
  committer->Drain(clock.After(std::chrono::seconds(5)));
  registration.reset();
  volume.reset();
  resolution.reset();
  access.reset();
  admin.reset();
  disclosure.reset();
  throttle.reset();
  users.reset();
  grants.reset();
  templates.reset();
  prefixes.reset();
  enterprises.reset();
  audit.reset();
  committer.reset();
  engine.reset();
  std::error_code ignored;
  std::filesystem::remove_all(data_dir, ignored);
}

Services TestNode::services() {
  return Services{*access,      *prefixes, *registration, *resolution, *volume,
                  *clock_guard, clock,     metrics,       *state_,     *admin};
}

CallerRef TestNode::ApplicationCaller(const std::string& name,
                                      std::vector<std::string> own_prefixes) const {
  auto caller = std::make_shared<Caller>();
  caller->role = Role::kApplication;
  caller->application = name;
  caller->prefixes = std::move(own_prefixes);
  return caller;
}

Actor TestNode::Operator() const { return {operator_, "192.0.2.1"}; }

Actor TestNode::Auditor() const {
  auto caller = std::make_shared<Caller>();
  caller->role = Role::kAuditor;
  caller->application = "auditor";
  return {caller, "192.0.2.2"};
}

Actor TestNode::App(const std::string& name, std::vector<std::string> own_prefixes,
                    const std::string& enterprise) const {
  auto caller = std::make_shared<Caller>();
  caller->role = Role::kApplication;
  caller->application = name;
  caller->prefixes = std::move(own_prefixes);
  caller->enterprise = enterprise;
  return {caller, "192.0.2.3"};
}

Actor TestNode::Administrator(const std::string& enterprise, const std::string& user) const {
  auto caller = std::make_shared<Caller>();
  caller->role = Role::kEnterpriseAdministrator;
  caller->user = user;
  caller->enterprise = enterprise;
  return {caller, "192.0.2.4"};
}

Actor TestNode::Stranger() const { return {Anonymous(), "198.51.100.9"}; }

std::string TestNode::AddEnterprise(unsigned n, const std::string& industry,
                                    const std::string& region) {
  EnterpriseInfo enterprise;
  enterprise.credit_code = TestCreditCode(n);
  enterprise.name = "Enterprise " + std::to_string(n);
  enterprise.industry = industry;
  enterprise.region = region;
  const auto created = enterprises->Create(Operator(), enterprise, Soon());
  EXPECT_TRUE(created.ok()) << created.error().detail;
  return enterprise.credit_code;
}

std::vector<AuditEntry> TestNode::AuditEntries() {
  EXPECT_TRUE(audit->Flush(Soon()).ok());
  std::vector<AuditEntry> entries;
  AuditQuery query;
  query.ascending = true;
  do {
    auto page = audit->List(Operator(), query, Soon());
    EXPECT_TRUE(page.ok()) << page.error().detail;
    if (!page.ok()) break;
    entries.insert(entries.end(), page->entries.begin(), page->entries.end());
    query.page_token = page->next_page_token;
  } while (!query.page_token.empty());
  return entries;
}

std::string TestCreditCode(unsigned n) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  std::string organisation = std::to_string(n);
  organisation.insert(0, 8 - organisation.size(), '0');
  for (const char check : kAlphabet) {
    for (const char last : kAlphabet) {
      const std::string code = "91440300" + organisation + check + last;
      if (CheckCreditCode(code).ok()) return code;
    }
  }
  IDNODE_CHECK(false);
  return {};
}

NewApplication AnApplication(const std::string& name, std::vector<std::string> prefixes) {
  NewApplication wanted;
  wanted.name = name;
  wanted.prefixes = std::move(prefixes);
  return wanted;
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
