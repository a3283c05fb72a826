#include <atomic>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "node/base/text.h"
#include "node/base/varint.h"
#include "node/service/access_control.h"
#include "node/service/access_rows.h"
#include "storage/testing/faulty_engine.h"
#include "tests/node/service/access_fixture.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

TEST(AccessControlTest, OperatorTokenIsPrivateAndStays) {
  TestNode node;
  const std::string path = node.data_dir + "/operator.token";
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const std::string token = OperatorToken(node);
  EXPECT_EQ((*node.access->Authenticate(token))->role, Role::kOperator);
  ASSERT_TRUE(node.access->Load(node.data_dir).ok());
  EXPECT_EQ(OperatorToken(node), token);
}

TEST(AccessControlTest, RefusesATokenFileThatOthersCouldKnow) {
  TestNode node;
  const std::string path = node.data_dir + "/operator.token";
  const auto fault = [&] {
    const auto loaded = node.access->Load(node.data_dir);
    return loaded.ok() ? std::string("ok") : loaded.error().detail;
  };
  ASSERT_EQ(chmod(path.c_str(), 0640), 0);
  EXPECT_NE(fault().find("chmod 600"), std::string::npos);
  ASSERT_EQ(chmod(path.c_str(), 0600), 0);
  std::ofstream(path) << std::string(31, 'a') << "\n";
  EXPECT_NE(fault().find("holds no token"), std::string::npos);
  std::ofstream(path) << "eyJ" << std::string(40, 'a') << "\n";
  EXPECT_NE(fault().find("session's token"), std::string::npos);
  std::filesystem::remove(path);
  std::filesystem::create_symlink("/etc/passwd", path);
  EXPECT_NE(fault(), "ok");
  std::filesystem::remove(path);
  EXPECT_EQ(fault(), "ok");
}

TEST(AccessControlTest, ApplicationsLiveInTheStoreAsHashesOnly) {
  TestNode node;
  const std::string token = Make(node, Wanted("erp", {"88.108.1001", "88.108.1002"}));
  const auto caller = node.access->Authenticate(token);
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ((*caller)->role, Role::kApplication);
  EXPECT_EQ((*caller)->application, "erp");
  EXPECT_TRUE((*caller)->MayWrite("88.108.1002"));
  EXPECT_FALSE((*caller)->MayWrite("88.108.1003"));
  const auto rows = node.engine->Scan(0, "a", "b", 10, false, node.Soon());
  ASSERT_EQ(rows->size(), 1u);
  EXPECT_EQ((*rows)[0].value.find(token), std::string::npos);
  ASSERT_TRUE(node.access->Load(node.data_dir).ok());  // as after a restart
  EXPECT_EQ(Auth(node, token), Errc::kOk);
  EXPECT_EQ(
      node.access->CreateApplication(node.Operator(), Wanted("erp", {"88.108.1"}), node.Soon())
          .code(),
      Errc::kAlreadyExists);

  ASSERT_TRUE(node.access->RevokeApplication(node.Operator(), "erp", node.Soon()).ok());
  EXPECT_EQ(Auth(node, token), Errc::kUnauthenticated);
  ASSERT_TRUE(node.access->Load(node.data_dir).ok());
  EXPECT_EQ(Auth(node, token), Errc::kUnauthenticated);
  EXPECT_TRUE((*node.access->ListApplications(node.Operator()))[0].revoked);
  EXPECT_EQ(node.access->RevokeApplication(node.Operator(), "none", node.Soon()).code(),
            Errc::kNotFound);
}

TEST(AccessControlTest, RowsOfTheFirstFormatAreRead) {
  TestNode node;
  const std::string token = "idn_app_of_an_older_node";
  const Digest hash = Sha256(token);
  std::string row(1, '\1');
  AppendSized({reinterpret_cast<const char*>(hash.data()), hash.size()}, row);
  AppendVarint(1'700'000'000'000, row);
  row += '\0';
  AppendVarint(1, row);
  AppendSized("88.108.1001", row);
  ASSERT_TRUE(node.writer->Create("aerp", row, node.Soon()).ok());
  ASSERT_TRUE(node.access->Load(node.data_dir).ok());
  const auto caller = node.access->Authenticate(token);
  ASSERT_TRUE(caller.ok());
  EXPECT_TRUE((*caller)->MayWrite("88.108.1001"));
  const auto infos = node.access->ListApplications(node.Operator());
  ASSERT_EQ(infos->size(), 1u);
  EXPECT_EQ((*infos)[0].role, Role::kApplication);
  ASSERT_EQ((*infos)[0].tokens.size(), 1u);
  EXPECT_EQ((*infos)[0].tokens[0].id, "t1");
  // A further token rewrites the row in the present format, and the old token goes on.
  ASSERT_TRUE(
      node.access->CreateToken(node.Operator(), "erp", seconds(0), false, seconds(0), node.Soon())
          .ok());
  EXPECT_EQ((*node.engine->Get(0, "aerp", node.Soon()))[0], '\2');
  ASSERT_TRUE(node.access->Load(node.data_dir).ok());
  EXPECT_EQ(Auth(node, token), Errc::kOk);
}

TEST(AccessControlTest, DamagedRowsAreFoundAndNewerOnesRefused) {
  StoredApplication stored;
  stored.info.name = "erp";
  stored.info.prefixes = {"88.108.1"};
  stored.info.enterprise = "E";
  stored.info.tokens = {{"t1", 1, 2, false}, {"t2", 3, 0, true}};
  stored.token_hashes = {Sha256("a"), Sha256("b")};
  stored.info.certificates = {std::string(62, '0') + "af"};
  const std::string bytes = EncodeApplication(stored);
  const auto decoded = DecodeApplication("erp", bytes);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(EncodeApplication(*decoded), bytes);
  EXPECT_EQ(decoded->info.certificates, stored.info.certificates);
  EXPECT_EQ(decoded->info.tokens[0].expires_ms, 2);
  EXPECT_TRUE(decoded->info.tokens[1].revoked);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(DecodeApplication("erp", bytes.substr(0, size)).code(), Errc::kCorruption) << size;
  }
  EXPECT_EQ(DecodeApplication("erp", bytes + '\0').code(), Errc::kCorruption);
  EXPECT_EQ(DecodeApplication("erp", "\3" + bytes.substr(1)).code(), Errc::kFormatTooNew);
}

class FaultyAccessTest : public ::testing::Test {
 protected:
  FaultyAccessTest() {
    storage::EngineOptions options;
    options.engine = "memory";
    options.reserve_free_bytes = 0;
    auto engine = std::make_unique<storage::FaultyEngine>(*storage::OpenEngine(options));
    faulty_ = engine.get();
    TestNodeOptions node_options;
    node_options.given_engine = std::move(engine);
    node_options.committer.commit_wait_max = std::chrono::milliseconds(20);
    node_ = std::make_unique<TestNode>(std::move(node_options));
  }
  // Every commit fails from now on.
  void Fill() { faulty_->SetStorageFull(true); }

  storage::FaultyEngine* faulty_ = nullptr;
  std::unique_ptr<TestNode> node_;
};

TEST_F(FaultyAccessTest, RevocationsHoldBeforeTheyAreDurable) {
  const std::string erp = Make(*node_, Wanted("erp", {"88.108.1"}));
  const std::string mes = Make(*node_, Wanted("mes", {"88.108.2"}));
  const std::string fingerprint(64, 'b');
  ASSERT_TRUE(
      node_->access->BindCertificate(node_->Operator(), "erp", fingerprint, node_->Soon()).ok());
  Fill();
  EXPECT_FALSE(node_->access->RevokeApplication(node_->Operator(), "mes", node_->Soon()).ok());
  EXPECT_EQ(Auth(*node_, mes), Errc::kUnauthenticated);
  EXPECT_FALSE(node_->access->RevokeToken(node_->Operator(), "erp", "t1", node_->Soon()).ok());
  EXPECT_EQ(Auth(*node_, erp), Errc::kUnauthenticated);
  EXPECT_FALSE(
      node_->access->UnbindCertificate(node_->Operator(), "erp", fingerprint, node_->Soon()).ok());
  EXPECT_EQ(node_->access->AuthenticateCertificate(fingerprint).code(), Errc::kUnauthenticated);
  // They hold here, so the log has them, though not as done.
  faulty_->SetStorageFull(false);
  EXPECT_EQ(Refusals(*node_), (std::vector<std::string>{"application.revoke storage-full mes",
                                                        "certificate.bind storage-full erp",
                                                        "token.revoke storage-full erp"}));
}

TEST_F(FaultyAccessTest, WhatWasNotWrittenIsNotGiven) {
  const std::string token = Make(*node_, Wanted("erp", {"88.108.1"}));
  Fill();
  EXPECT_FALSE(
      node_->access
          ->CreateToken(node_->Operator(), "erp", seconds(0), true, seconds(0), node_->Soon())
          .ok());
  EXPECT_EQ(Auth(*node_, token), Errc::kOk) << "nobody has the new one";
  EXPECT_FALSE(
      node_->access->BindCertificate(node_->Operator(), "erp", std::string(64, 'c'), node_->Soon())
          .ok());
  EXPECT_EQ(node_->access->AuthenticateCertificate(std::string(64, 'c')).code(),
            Errc::kUnauthenticated);
}

}  // namespace
}  // namespace idnode::service
