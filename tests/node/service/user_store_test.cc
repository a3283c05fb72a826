#include "node/service/user_store.h"

#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "node/base/text.h"
#include "node/service/session_token.h"
#include "node/service/user_rows.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

constexpr const char* kPassword = "correct horse";
constexpr const char* kOther = "battery staple";

std::string HexSha256(std::string_view bytes) {
  const Digest digest = Sha256(bytes);
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

TestNodeOptions WithUsers(bool allow_daily_hash) {
  TestNodeOptions options;
  options.users.allow_daily_hash = allow_daily_hash;
  return options;
}

class UserStoreTest : public ::testing::Test {
 protected:
  explicit UserStoreTest(TestNodeOptions options = {}) : node_(std::move(options)) {}

  Result<UserInfo> Create(const std::string& name, Role role = Role::kAuditor,
                          const std::string& enterprise = {},
                          const std::string& password = kPassword) {
    UserInfo user;
    user.name = name;
    user.role = role;
    user.enterprise = enterprise;
    return node_.users->Create(node_.Operator(), user, password, node_.Soon());
  }
  Result<Session> Login(const std::string& name, const std::string& password = kPassword) {
    return node_.users->Login(node_.Stranger(), name, password);
  }
  Actor As(const std::string& token) {
    auto caller = node_.access->Authenticate(token);
    EXPECT_TRUE(caller.ok());
    return {*caller, "192.0.2.8"};
  }
  Errc Auth(const std::string& token) { return node_.access->Authenticate(token).code(); }
  void Restart() {
    ASSERT_TRUE(node_.access->Load(node_.data_dir).ok());
    ASSERT_TRUE(node_.users->Load(node_.data_dir).ok());
  }

  TestNode node_;
};

TEST_F(UserStoreTest, ALoginsTokenIsAcceptedUntilItsTime) {
  const std::string code = node_.AddEnterprise(1);
  ASSERT_TRUE(Create("alice", Role::kEnterpriseAdministrator, code).ok());
  const auto session = Login("alice");
  ASSERT_TRUE(session.ok()) << session.error().detail;
  EXPECT_EQ(session->user.enterprise, code);
  const auto caller = node_.access->Authenticate(session->token);
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ((*caller)->role, Role::kEnterpriseAdministrator);
  EXPECT_EQ((*caller)->user, "alice");
  EXPECT_EQ((*caller)->enterprise, code);
  EXPECT_TRUE((*caller)->prefixes.empty());
  EXPECT_EQ(WhoIs(**caller), "user:alice");

  const std::int64_t left_ms = session->expires_ms - node_.clock.WallMs();
  EXPECT_GT(left_ms, 86'399'000 - 1'000);
  EXPECT_LE(left_ms, 86'400'000);
  node_.clock.AdvanceMs(left_ms - 1);
  EXPECT_EQ(Auth(session->token), Errc::kOk);
  node_.clock.AdvanceMs(1);
  EXPECT_EQ(Auth(session->token), Errc::kUnauthenticated);
}

TEST_F(UserStoreTest, SessionsOutliveARestartButNotTheirKey) {
  ASSERT_TRUE(Create("alice").ok());
  const auto session = Login("alice");
  ASSERT_TRUE(session.ok());
  struct stat info {};
  const std::string path = node_.data_dir + "/session.key";
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  Restart();
  EXPECT_EQ(Auth(session->token), Errc::kOk);
  EXPECT_TRUE(Login("alice").ok());
  std::filesystem::remove(path);
  Restart();
  EXPECT_EQ(Auth(session->token), Errc::kUnauthenticated);
  ASSERT_EQ(chmod(path.c_str(), 0644), 0);
  EXPECT_EQ(node_.users->Load(node_.data_dir).code(), Errc::kInvalidRequest);
}

TEST_F(UserStoreTest, AWrongNameAndAWrongPasswordLookAlike) {
  ASSERT_TRUE(Create("alice").ok());
  const auto wrong = Login("alice", "not the password");
  const auto unknown = Login("nobody", kPassword);
  ASSERT_EQ(wrong.code(), Errc::kUnauthenticated);
  ASSERT_EQ(unknown.code(), Errc::kUnauthenticated);
  EXPECT_EQ(wrong.error().detail, unknown.error().detail);
  EXPECT_EQ(Login("alice", "").code(), Errc::kUnauthenticated);
  EXPECT_EQ(Login("alice", std::string(257, 'x')).code(), Errc::kUnauthenticated);
  EXPECT_EQ(Login("Alice").code(), Errc::kUnauthenticated) << "case counts";
}

TEST_F(UserStoreTest, NothingIsStoredThatCouldBeUsedToLogIn) {
  ASSERT_TRUE(Create("alice").ok());
  const auto row = node_.engine->Get(0, "ualice", node_.Soon());
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(row->find(kPassword), std::string::npos);
  EXPECT_EQ(row->find(HexSha256(kPassword)), std::string::npos);
  ASSERT_TRUE(Create("bob").ok());
  const auto alice = DecodeUser("alice", *row);
  const auto bob = DecodeUser("bob", *node_.engine->Get(0, "ubob", node_.Soon()));
  EXPECT_NE(alice->password.salt, bob->password.salt);
  EXPECT_NE(alice->password.hash, bob->password.hash);
}

// RFC 7914 §12: "pleaseletmein", "SodiumChloride", N = 16384, r = 8, p = 1; the first 32 bytes.
TEST_F(UserStoreTest, ScryptIsThatOfTheRfc) {
  const auto hash = Scrypt("pleaseletmein", {14, 8, 1, "SodiumChloride", {}});
  ASSERT_TRUE(hash.ok());
  EXPECT_EQ(Hex(*hash), "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
}

TEST_F(UserStoreTest, FieldsAreChecked) {
  const std::string code = node_.AddEnterprise(1);
  const auto field = [](const Result<UserInfo>& created) {
    return created.ok() ? std::string("ok") : created.error().field;
  };
  EXPECT_EQ(field(Create("")), "name");
  EXPECT_EQ(field(Create("a b")), "name");
  EXPECT_EQ(field(Create(std::string(65, 'a'))), "name");
  EXPECT_EQ(field(Create(std::string(64, 'a'))), "ok");
  EXPECT_EQ(field(Create("a", Role::kApplication)), "role");
  EXPECT_EQ(field(Create("a", Role::kAnonymous)), "role");
  EXPECT_EQ(field(Create("a", Role::kAuditor, code)), "enterprise");
  EXPECT_EQ(field(Create("a", Role::kEnterpriseAdministrator)), "enterprise");
  EXPECT_EQ(field(Create("a", Role::kEnterpriseAdministrator, TestCreditCode(2))), "enterprise");
  EXPECT_EQ(field(Create("a", Role::kAuditor, "", std::string(9, 'p'))), "password");
  EXPECT_EQ(field(Create("a", Role::kAuditor, "", std::string(257, 'p'))), "password");
  EXPECT_EQ(field(Create("a", Role::kAuditor, "", "\xff" + std::string(10, 'p'))), "password");
  EXPECT_EQ(field(Create("a", Role::kAuditor, "", std::string(10, 'p'))), "ok");
  EXPECT_EQ(field(Create("b", Role::kAuditor, "", std::string(256, 'p'))), "ok");
  EXPECT_EQ(Create("b").code(), Errc::kAlreadyExists);
}

TEST_F(UserStoreTest, APasswordKnownByItsHashIsTheSame) {
  UserInfo user;
  user.name = "alice";
  user.role = Role::kAuditor;
  EXPECT_EQ(
      node_.users->CreateWithHash(node_.Operator(), user, "no hash", node_.Soon()).error().field,
      "password");
  std::string upper = HexSha256(kPassword);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  ASSERT_TRUE(node_.users->CreateWithHash(node_.Operator(), user, upper, node_.Soon()).ok());
  EXPECT_TRUE(Login("alice").ok());
}

TEST_F(UserStoreTest, AnAdministratorManagesItsEnterprisesPeople) {
  const std::string code = node_.AddEnterprise(1);
  const std::string other = node_.AddEnterprise(2);
  ASSERT_TRUE(Create("theirs", Role::kEnterpriseAdministrator, other).ok());
  const Actor actor = node_.Administrator(code, "admin");
  const auto create = [&](const std::string& name, Role role, const std::string& enterprise) {
    UserInfo user;
    user.name = name;
    user.role = role;
    user.enterprise = enterprise;
    return node_.users->Create(actor, user, kPassword, node_.Soon()).code();
  };
  EXPECT_EQ(create("mine", Role::kEnterpriseAdministrator, ""), Errc::kOk);
  EXPECT_EQ(create("x", Role::kEnterpriseAdministrator, other), Errc::kPermissionDenied);
  EXPECT_EQ(create("x", Role::kOperator, ""), Errc::kPermissionDenied);
  EXPECT_EQ(create("x", Role::kAuditor, ""), Errc::kPermissionDenied);
  EXPECT_EQ(node_.users->List(actor, "")->size(), 1u);
  EXPECT_EQ(node_.users->List(actor, other).code(), Errc::kPermissionDenied);
  EXPECT_EQ(node_.users->List(node_.Operator(), "")->size(), 2u);
  EXPECT_EQ(node_.users->List(node_.Auditor(), other)->size(), 1u);
  EXPECT_EQ(node_.users->List(node_.Stranger(), "").code(), Errc::kUnauthenticated);
  EXPECT_EQ(node_.users->Disable(actor, "theirs", true, node_.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_EQ(node_.users->Disable(actor, "nobody", true, node_.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_EQ(node_.users->Disable(node_.Operator(), "nobody", true, node_.Soon()).code(),
            Errc::kNotFound);
  EXPECT_TRUE(node_.users->SetPassword(actor, "mine", kOther, "", node_.Soon()).ok());
  EXPECT_TRUE(node_.users->Disable(actor, "mine", true, node_.Soon()).ok());
  EXPECT_EQ(node_.users->SetPassword(actor, "theirs", kOther, "", node_.Soon()).code(),
            Errc::kPermissionDenied);
}

TEST_F(UserStoreTest, SettingThePasswordEndsAllSessions) {
  ASSERT_TRUE(Create("alice").ok());
  const auto first = Login("alice");
  ASSERT_TRUE(first.ok());
  ASSERT_TRUE(node_.users->SetPassword(node_.Operator(), "alice", kOther, "", node_.Soon()).ok());
  EXPECT_EQ(Auth(first->token), Errc::kUnauthenticated);
  EXPECT_EQ(Login("alice").code(), Errc::kUnauthenticated);
  const auto second = Login("alice", kOther);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(Auth(second->token), Errc::kOk);
  Restart();
  EXPECT_EQ(Auth(first->token), Errc::kUnauthenticated);
  EXPECT_EQ(Auth(second->token), Errc::kOk);
}

TEST_F(UserStoreTest, PeopleChangeTheirOwnPasswordWithTheOldOne) {
  ASSERT_TRUE(Create("alice").ok());
  ASSERT_TRUE(Create("bob").ok());
  const auto session = Login("alice");
  ASSERT_TRUE(session.ok());
  const Actor alice = As(session->token);
  const auto wrong = node_.users->SetPassword(alice, "alice", kOther, "guess", node_.Soon());
  EXPECT_EQ(wrong.code(), Errc::kUnauthenticated);
  EXPECT_EQ(wrong.error().field, "oldPassword");
  EXPECT_EQ(Auth(session->token), Errc::kOk);
  EXPECT_EQ(
      node_.users->SetPassword(alice, "alice", "short", kPassword, node_.Soon()).error().field,
      "password");
  EXPECT_EQ(node_.users->SetPassword(alice, "bob", kOther, kPassword, node_.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_TRUE(node_.users->SetPassword(alice, "alice", kOther, kPassword, node_.Soon()).ok());
  EXPECT_EQ(Auth(session->token), Errc::kUnauthenticated);
  EXPECT_TRUE(Login("alice", kOther).ok());
}

TEST_F(UserStoreTest, DisabledPeopleAreOutAtOnce) {
  ASSERT_TRUE(Create("alice").ok());
  const auto session = Login("alice");
  ASSERT_TRUE(session.ok());
  ASSERT_TRUE(node_.users->Disable(node_.Operator(), "alice", true, node_.Soon()).ok());
  EXPECT_EQ(Auth(session->token), Errc::kUnauthenticated);
  EXPECT_EQ(Login("alice").code(), Errc::kUnauthenticated);
  Restart();
  EXPECT_EQ(Login("alice").code(), Errc::kUnauthenticated);
  ASSERT_TRUE(node_.users->Disable(node_.Operator(), "alice", false, node_.Soon()).ok());
  EXPECT_EQ(Auth(session->token), Errc::kUnauthenticated) << "the old session stays ended";
  EXPECT_TRUE(Login("alice").ok());
}

TEST_F(UserStoreTest, RefusedLoginsAreInTheAuditLogWithoutStrangeNames) {
  ASSERT_TRUE(Create("alice").ok());
  (void)Login("alice", "a wrong password");
  (void)Login("my-secret-password", "alice");
  std::vector<std::string> refused;
  for (const auto& entry : node_.AuditEntries()) {
    if (entry.refused.empty()) continue;
    EXPECT_EQ(entry.action, "user.login");
    EXPECT_EQ(entry.from, node_.Stranger().source);
    refused.push_back(entry.target);
  }
  std::sort(refused.begin(), refused.end());
  EXPECT_EQ(refused, (std::vector<std::string>{"(unknown)", "alice"}));
}

TEST_F(UserStoreTest, ForgedTokensAreRefused) {
  ASSERT_TRUE(Create("alice").ok());
  const std::string token = Login("alice")->token;
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(node_.users->CallerOf(changed).code(), Errc::kUnauthenticated) << i;
  }
  EXPECT_EQ(node_.users->CallerOf(token + ".").code(), Errc::kUnauthenticated);
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  const std::string none =
      Base64Url(R"({"alg":"none","typ":"JWT"})") + token.substr(first, last - first) + ".";
  EXPECT_EQ(node_.users->CallerOf(none).code(), Errc::kUnauthenticated);
  const SessionClaims claims{"alice", 1, node_.clock.WallMs() / 1000, INT64_MAX};
  EXPECT_EQ(node_.users->CallerOf(FormatSessionToken(claims, "guess")).code(),
            Errc::kUnauthenticated);
}

TEST(SessionTokenTest, IsAJsonWebTokenOfBoundedLength) {
  const SessionClaims claims{std::string(64, 'a'), UINT64_MAX, INT64_MAX, INT64_MAX};
  const std::string token = FormatSessionToken(claims, "key");
  EXPECT_TRUE(token.starts_with("eyJ"));
  EXPECT_LE(token.size(), kSessionTokenBytesMax);
  EXPECT_EQ(ParseSessionToken(token, "key").value(), claims);
  EXPECT_FALSE(ParseSessionToken(std::string(kSessionTokenBytesMax + 1, 'a'), "key").ok());
  // RFC 7515 §A.1 holds for other claims too; these are what is read, in this order alone.
  for (const char* json :
       {"", "{}", R"({"sub":"a","gen":1,"iat":2,"exp":3}x)",
        R"({"sub":"","gen":1,"iat":2,"exp":3})", R"({"sub":"a","gen":01,"iat":2,"exp":3})",
        R"({"sub":"a","gen":-1,"iat":2,"exp":3})", R"({"sub":"a","gen":1,"exp":3,"iat":2})",
        R"({"sub":"a\"","gen":1,"iat":2,"exp":3})",
        R"({"sub":"a","gen":18446744073709551616,"iat":2,"exp":3})"}) {
    EXPECT_FALSE(ParseClaims(json).ok()) << json;
  }
  EXPECT_TRUE(ParseClaims(R"({"sub":"a","gen":0,"iat":2,"exp":3})").ok());
}

TEST_F(UserStoreTest, TheDailyHashIsOffAndThenNotKept) {
  ASSERT_TRUE(Create("alice").ok());
  const std::string hash = HexSha256(HexSha256(kPassword) + "2026-11-22");
  EXPECT_EQ(node_.users->LoginDaily(node_.Stranger(), "alice", hash).code(),
            Errc::kPermissionDenied);
  EXPECT_TRUE(DecodeUser("alice", *node_.engine->Get(0, "ualice", node_.Soon()))->daily.empty());
}

class DailyHashTest : public UserStoreTest {
 protected:
  DailyHashTest() : UserStoreTest(WithUsers(true)) {}
  Result<Session> LoginOn(const std::string& day, const std::string& name = "alice") {
    return node_.users->LoginDaily(node_.Stranger(), name, HexSha256(HexSha256(kPassword) + day));
  }
};

TEST_F(DailyHashTest, IsThatOfTodayInShanghai) {
  ASSERT_TRUE(Create("alice").ok());
  // 2026-11-22T15:59:59.999Z is the last moment of the day there.
  node_.clock.SetWallMs(1'795'363'199'999);
  EXPECT_TRUE(LoginOn("2026-11-22").ok());
  EXPECT_EQ(LoginOn("2026-11-23").code(), Errc::kUnauthenticated);
  node_.clock.SetWallMs(1'795'363'200'000);
  EXPECT_EQ(LoginOn("2026-11-22").code(), Errc::kUnauthenticated);
  const auto session = LoginOn("2026-11-23");
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(Auth(session->token), Errc::kOk);
  EXPECT_EQ(LoginOn("2026-11-23", "nobody").code(), Errc::kUnauthenticated);
  EXPECT_EQ(node_.users->LoginDaily(node_.Stranger(), "alice", "").code(), Errc::kUnauthenticated);
  ASSERT_TRUE(node_.users->Disable(node_.Operator(), "alice", true, node_.Soon()).ok());
  EXPECT_EQ(LoginOn("2026-11-23").code(), Errc::kUnauthenticated);
}

TEST_F(DailyHashTest, IsKeptFromTheFirstLoginAndDroppedWhenSwitchedOff) {
  // As of a node on which the option was off: its row has scrypt's outcome alone.
  UserOptions off = QuickUsers();
  UserStore plain(*node_.engine, *node_.audit, *node_.enterprises, node_.clock, off);
  ASSERT_TRUE(plain.Load(node_.data_dir).ok());
  UserInfo user;
  user.name = "alice";
  user.role = Role::kAuditor;
  ASSERT_TRUE(plain.Create(node_.Operator(), user, kPassword, node_.Soon()).ok());
  Restart();
  EXPECT_EQ(LoginOn("2026-11-22").code(), Errc::kUnauthenticated);
  const auto session = Login("alice");
  ASSERT_TRUE(session.ok());
  EXPECT_TRUE(LoginOn("2026-11-22").ok());
  EXPECT_EQ(Auth(session->token), Errc::kOk) << "keeping the hash ends no session";
  ASSERT_TRUE(plain.Load(node_.data_dir).ok());
  EXPECT_TRUE(DecodeUser("alice", *node_.engine->Get(0, "ualice", node_.Soon()))->daily.empty());
  EXPECT_TRUE(plain.Login(node_.Stranger(), "alice", kPassword).ok());
}

TEST_F(UserStoreTest, ALoginBringsScryptUpToTheOptions) {
  ASSERT_TRUE(Create("alice").ok());
  UserOptions more = QuickUsers();
  more.scrypt_log_n = 5;
  UserStore next(*node_.engine, *node_.audit, *node_.enterprises, node_.clock, more);
  ASSERT_TRUE(next.Load(node_.data_dir).ok());
  EXPECT_TRUE(next.Login(node_.Stranger(), "alice", kPassword).ok());
  EXPECT_EQ(DecodeUser("alice", *node_.engine->Get(0, "ualice", node_.Soon()))->password.log_n, 5u);
  EXPECT_TRUE(next.Login(node_.Stranger(), "alice", kPassword).ok());
}

TEST_F(UserStoreTest, OnlySoManyPasswordsAreCheckedAtOnce) {
  UserOptions none = QuickUsers();
  none.logins_at_once_max = 0;
  ASSERT_TRUE(Create("alice").ok());
  UserStore full(*node_.engine, *node_.audit, *node_.enterprises, node_.clock, none);
  ASSERT_TRUE(full.Load(node_.data_dir).ok());
  EXPECT_EQ(full.Login(node_.Stranger(), "alice", kPassword).code(), Errc::kOverloaded);
  EXPECT_EQ(full.Login(node_.Stranger(), "nobody", kPassword).code(), Errc::kOverloaded);
  none.logins_at_once_max = 1;
  UserStore one(*node_.engine, *node_.audit, *node_.enterprises, node_.clock, none);
  ASSERT_TRUE(one.Load(node_.data_dir).ok());
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(one.Login(node_.Stranger(), "alice", kPassword).ok()) << "places are given back";
  }
}

TEST(UserRowTest, DamagedRowsAreFound) {
  StoredUser user;
  user.info.name = "alice";
  user.info.role = Role::kAuditor;
  user.generation = 7;
  user.password = {15, 8, 3, "salt", std::string(32, 'h')};
  user.daily = std::string(64, 'a');
  const std::string bytes = EncodeUser(user);
  const auto decoded = DecodeUser("alice", bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(EncodeUser(*decoded), bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeUser("alice", bytes.substr(0, size)).code(), Errc::kCorruption) << size;
  }
  EXPECT_EQ(DecodeUser("alice", bytes + '\0').code(), Errc::kCorruption);
  EXPECT_EQ(DecodeUser("alice", "\2" + bytes.substr(1)).code(), Errc::kFormatTooNew);
  for (const PasswordHash& bad : {PasswordHash{21, 8, 1, "s", std::string(32, 'h')},
                                  PasswordHash{0, 8, 1, "s", std::string(32, 'h')},
                                  PasswordHash{15, 33, 1, "s", std::string(32, 'h')},
                                  PasswordHash{15, 8, 17, "s", std::string(32, 'h')},
                                  PasswordHash{15, 8, 1, "s", std::string(31, 'h')}}) {
    user.password = bad;
    EXPECT_EQ(DecodeUser("alice", EncodeUser(user)).code(), Errc::kCorruption);
  }
}

class UserStoreFaultTest : public ::testing::Test {
 protected:
  UserStoreFaultTest() {
    storage::EngineOptions engine_options;
    engine_options.engine = "memory";
    engine_options.reserve_free_bytes = 0;
    auto engine = std::make_unique<storage::FaultyEngine>(*storage::OpenEngine(engine_options));
    faulty_ = engine.get();
    TestNodeOptions options;
    options.given_engine = std::move(engine);
    options.users = Users();
    node_ = std::make_unique<TestNode>(std::move(options));
  }
  // One password at a time, of some milliseconds, so that a test sees that one is being checked.
  static UserOptions Users() {
    UserOptions options = QuickUsers();
    options.scrypt_log_n = 11;
    options.logins_at_once_max = 1;
    return options;
  }

  Result<UserInfo> Create(const std::string& name) {
    UserInfo user;
    user.name = name;
    user.role = Role::kAuditor;
    return node_->users->Create(node_->Operator(), user, kPassword, node_->Soon());
  }
  Result<Session> Login(const std::string& name, const std::string& password = kPassword) {
    return node_->users->Login(node_->Stranger(), name, password);
  }
  Result<UserInfo> Disable(const std::string& name, bool disabled) {
    return node_->users->Disable(node_->Operator(), name, disabled, node_->Soon());
  }
  Errc Auth(const std::string& token) { return node_->access->Authenticate(token).code(); }
  std::vector<std::string> Refusals() {
    std::vector<std::string> refusals;
    for (const auto& entry : node_->AuditEntries()) {
      if (entry.refused.empty()) continue;
      refusals.push_back(entry.action + " " + entry.refused + " " + entry.target);
    }
    std::sort(refusals.begin(), refusals.end());
    return refusals;
  }

  storage::FaultyEngine* faulty_ = nullptr;
  std::unique_ptr<TestNode> node_;
};

TEST_F(UserStoreFaultTest, DisablingHoldsBeforeItIsDurable) {
  ASSERT_TRUE(Create("alice").ok());
  const auto session = Login("alice");
  ASSERT_TRUE(session.ok());
  faulty_->SetStorageFull(true);
  EXPECT_FALSE(
      node_->users->SetPassword(node_->Operator(), "alice", kOther, "", node_->Soon()).ok());
  EXPECT_EQ(Auth(session->token), Errc::kOk) << "nothing was changed";
  EXPECT_FALSE(Disable("alice", true).ok());
  EXPECT_EQ(Auth(session->token), Errc::kUnauthenticated);
  EXPECT_EQ(Login("alice").code(), Errc::kUnauthenticated);
  faulty_->SetStorageFull(false);
  EXPECT_EQ(Refusals(), (std::vector<std::string>{"user.disable storage-full alice",
                                                  "user.login unauthenticated alice",
                                                  "user.set-password storage-full alice"}));
}

TEST_F(UserStoreFaultTest, NoDeadlineKeepsADisableFromTheStore) {
  ASSERT_TRUE(Create("alice").ok());
  const Deadline past = node_->clock.After(std::chrono::milliseconds(-1));
  EXPECT_TRUE(node_->users->Disable(node_->Operator(), "alice", true, past).ok());
  ASSERT_TRUE(node_->users->Load(node_->data_dir).ok());
  EXPECT_EQ(Login("alice").code(), Errc::kUnauthenticated);
}

TEST_F(UserStoreFaultTest, AnEnableUnderWayDoesNotSwallowADisable) {
  ASSERT_TRUE(Create("alice").ok());
  const auto session = Login("alice");
  ASSERT_TRUE(session.ok());
  faulty_->HoldCommits();
  std::thread enabler([&] { EXPECT_TRUE(Disable("alice", false).ok()); });
  faulty_->WaitForHeldCommits(1);
  std::thread disabler([&] { EXPECT_TRUE(Disable("alice", true).ok()); });
  while (Auth(session->token) == Errc::kOk) std::this_thread::yield();
  faulty_->ReleaseCommits();
  enabler.join();
  disabler.join();
  EXPECT_EQ(Login("alice").code(), Errc::kUnauthenticated);
  ASSERT_TRUE(node_->users->Load(node_->data_dir).ok());
  EXPECT_EQ(Login("alice").code(), Errc::kUnauthenticated) << "it is stored as well";
}

TEST_F(UserStoreFaultTest, SessionsAfterAnEnableOutliveARestart) {
  ASSERT_TRUE(Create("alice").ok());
  ASSERT_TRUE(Disable("alice", true).ok());
  node_->clock.AdvanceMs(5);
  faulty_->HoldCommits();
  std::thread enabler([&] { EXPECT_TRUE(Disable("alice", false).ok()); });
  faulty_->WaitForHeldCommits(1);
  node_->clock.AdvanceMs(5);
  faulty_->ReleaseCommits();
  enabler.join();
  const auto session = Login("alice");
  ASSERT_TRUE(session.ok());
  EXPECT_EQ(Auth(session->token), Errc::kOk);
  ASSERT_TRUE(node_->users->Load(node_->data_dir).ok());
  EXPECT_EQ(Auth(session->token), Errc::kOk);
}

TEST_F(UserStoreFaultTest, AChangeUnderWayDoesNotUndoAReset) {
  constexpr const char* kThird = "paper clip stapler";
  ASSERT_TRUE(Create("alice").ok());
  const auto session = Login("alice");
  ASSERT_TRUE(session.ok());
  const Actor alice{*node_->access->Authenticate(session->token), "192.0.2.8"};
  faulty_->HoldCommits();
  std::thread reset([&] {
    EXPECT_TRUE(
        node_->users->SetPassword(node_->Operator(), "alice", kOther, "", node_->Soon()).ok());
  });
  faulty_->WaitForHeldCommits(1);
  Errc changed = Errc::kOk;
  std::thread change([&] {
    do {
      changed = node_->users->SetPassword(alice, "alice", kThird, kPassword, node_->Soon()).code();
    } while (changed == Errc::kOverloaded);
  });
  // Once a password is being checked that is none of this thread's, the change is under way.
  for (int i = 0; i < 1'000 && Login("nobody").code() != Errc::kOverloaded; ++i) {
    std::this_thread::yield();
  }
  faulty_->ReleaseCommits();
  reset.join();
  change.join();
  // Where it came too late all the same, the old password was wrong.
  EXPECT_TRUE(changed == Errc::kConflict || changed == Errc::kUnauthenticated);
  EXPECT_EQ(Login("alice", kThird).code(), Errc::kUnauthenticated);
  EXPECT_TRUE(Login("alice", kOther).ok());
}

TEST_F(UserStoreFaultTest, AUserOfAnUnknownOutcomeIsSeenAndCanBeDisabled) {
  for (const bool listed : {true, false}) {
    const std::string name = listed ? "listed" : "disabled";
    const std::size_t faulted = faulty_->faulted_commits();
    faulty_->HoldCommits();
    Errc created = Errc::kOk;
    std::thread creator([&] { created = Create(name).code(); });
    faulty_->WaitForHeldCommits(1);
    // Written, and nobody can read whether it was.
    faulty_->ScriptCommits({storage::CommitFault::kUnknownApplied});
    storage::FaultRates rates;
    rates.read_unavailable = 1;
    faulty_->Randomize(1, rates);
    faulty_->ReleaseCommits();
    while (faulty_->faulted_commits() == faulted) std::this_thread::yield();
    node_->clock.AdvanceMs(31'000);
    creator.join();
    ASSERT_EQ(created, Errc::kUndetermined);
    faulty_->StopFaults();
    if (listed) {
      const auto users = node_->users->List(node_->Auditor(), "");
      ASSERT_EQ(users->size(), 1u);
      EXPECT_EQ((*users)[0].name, name);
      EXPECT_TRUE(Login(name).ok());
    } else {
      EXPECT_TRUE(Disable(name, true).ok());
      EXPECT_EQ(Login(name).code(), Errc::kUnauthenticated);
    }
  }
}

TEST_F(UserStoreFaultTest, WhatIsRefusedAfterItWasPermittedIsInTheAuditLogToo) {
  ASSERT_TRUE(Create("alice").ok());
  const auto session = Login("alice");
  ASSERT_TRUE(session.ok());
  const Actor alice{*node_->access->Authenticate(session->token), "192.0.2.8"};
  EXPECT_EQ(Create("alice").code(), Errc::kAlreadyExists);
  EXPECT_EQ(Create("a secret").code(), Errc::kInvalidRequest);
  EXPECT_EQ(Disable("nobody", true).code(), Errc::kNotFound);
  EXPECT_FALSE(
      node_->users->SetPassword(node_->Operator(), "alice", "short", "", node_->Soon()).ok());
  EXPECT_FALSE(node_->users->SetPassword(alice, "alice", kOther, "guess", node_->Soon()).ok());
  EXPECT_EQ(Refusals(),
            (std::vector<std::string>{
                "user.create already-exists alice", "user.create invalid-request (no name)",
                "user.disable not-found nobody", "user.set-password invalid-request alice",
                "user.set-password unauthenticated alice"}));
}

}  // namespace
}  // namespace idnode::service
