#include "node/service/access_control.h"

#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string OperatorToken(const TestNode& node) {
  std::string token = ReadFile(node.data_dir + "/operator.token");
  token.pop_back();  // the line end
  return token;
}

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

TEST(AccessControlTest, RefusesATokenFileOpenToOthers) {
  TestNode node;
  ASSERT_EQ(chmod((node.data_dir + "/operator.token").c_str(), 0640), 0);
  const auto loaded = node.access->Load(node.data_dir);
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.error().detail.find("chmod 600"), std::string::npos);
}

TEST(AccessControlTest, NoTokenIsAnonymousAWrongOneIsRefused) {
  TestNode node;
  EXPECT_EQ((*node.access->Authenticate(""))->role, Role::kAnonymous);
  EXPECT_EQ(node.access->Authenticate("wrong").code(), Errc::kUnauthenticated);
  EXPECT_EQ(node.access->Authenticate(OperatorToken(node) + "x").code(), Errc::kUnauthenticated);
  EXPECT_EQ(node.access->Authenticate(std::string(257, 'a')).code(), Errc::kUnauthenticated);
}

TEST(AccessControlTest, ApplicationsLiveInTheStoreAsHashesOnly) {
  TestNode node;
  const auto& root = *node.operator_caller();
  const auto created =
      node.access->CreateApplication(root, "erp", {"88.108.1001", "88.108.1002"}, node.Soon());
  ASSERT_TRUE(created.ok()) << created.error().detail;
  const std::string& token = created->second;
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
  EXPECT_TRUE(node.access->Authenticate(token).ok());
  EXPECT_EQ(node.access->CreateApplication(root, "erp", {"88.108.1"}, node.Soon()).code(),
            Errc::kAlreadyExists);

  ASSERT_TRUE(node.access->RevokeApplication(root, "erp", node.Soon()).ok());
  EXPECT_EQ(node.access->Authenticate(token).code(), Errc::kUnauthenticated);
  ASSERT_TRUE(node.access->Load(node.data_dir).ok());
  EXPECT_EQ(node.access->Authenticate(token).code(), Errc::kUnauthenticated);
  EXPECT_TRUE((*node.access->ListApplications(root))[0].revoked);
  EXPECT_EQ(node.access->RevokeApplication(root, "none", node.Soon()).code(), Errc::kNotFound);
}

TEST(AccessControlTest, OnlyTheOperatorManages) {
  TestNode node;
  const auto erp = node.ApplicationCaller("erp", {"88.108.1"});
  EXPECT_EQ(node.access->CreateApplication(*erp, "x", {"88.108.1"}, node.Soon()).code(),
            Errc::kPermissionDenied);
  EXPECT_EQ(node.access->ListApplications(*Anonymous()).code(), Errc::kUnauthenticated);
  EXPECT_EQ(node.access->RevokeApplication(*erp, "x", node.Soon()).code(), Errc::kPermissionDenied);
}

TEST(AccessControlTest, NamesAndPrefixesAreChecked) {
  TestNode node;
  const auto field = [&](const std::string& name, std::vector<std::string> prefixes) {
    const auto created =
        node.access->CreateApplication(*node.operator_caller(), name, prefixes, node.Soon());
    return created.ok() ? std::string("ok") : created.error().field;
  };
  EXPECT_EQ(field("", {"88.1"}), "name");
  EXPECT_EQ(field("ERP", {"88.1"}), "name");
  EXPECT_EQ(field(std::string(65, 'a'), {"88.1"}), "name");
  EXPECT_EQ(field(std::string(64, 'a'), {"88.1"}), "ok");
  EXPECT_EQ(field("a", {}), "prefixes");
  EXPECT_EQ(field("a", {"88.1", "88..2"}), "prefixes[1]");
}

}  // namespace
}  // namespace idnode::service
