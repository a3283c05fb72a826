#include "node/service/prefix_registry.h"

#include <gtest/gtest.h>

#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

TestNodeOptions Strict() {
  TestNodeOptions options;
  options.prefixes.secondary_prefixes = {"88.108", "88.109"};
  options.prefixes.admit_on_first_use = false;
  return options;
}

TEST(PrefixRegistryTest, ResponsibilityEndsAtPartBoundaries) {
  TestNode node(Strict());
  EXPECT_TRUE(node.prefixes->IsResponsible("88.108.1001"));
  EXPECT_TRUE(node.prefixes->IsResponsible("88.109.1"));
  EXPECT_TRUE(node.prefixes->IsResponsible("88.108"));
  EXPECT_FALSE(node.prefixes->IsResponsible("88.1080.1"));
  EXPECT_FALSE(node.prefixes->IsResponsible("88.110.1"));
}

TEST(PrefixRegistryTest, AdmissionIsKeptAndListed) {
  TestNode node(Strict());
  const auto& root = *node.operator_caller();
  EXPECT_EQ(node.prefixes->CheckAdmitted("88.108.1").code(), Errc::kPrefixNotAdmitted);
  ASSERT_TRUE(node.prefixes->Admit(root, "88.108.1", node.Soon()).ok());
  EXPECT_TRUE(node.prefixes->CheckAdmitted("88.108.1").ok());
  EXPECT_EQ(node.prefixes->Admit(root, "88.108.1", node.Soon()).code(), Errc::kAlreadyExists);
  ASSERT_TRUE(node.prefixes->Load().ok());  // as after a restart
  EXPECT_TRUE(node.prefixes->CheckAdmitted("88.108.1").ok());
  EXPECT_EQ(node.prefixes->List(root)->size(), 1u);
}

TEST(PrefixRegistryTest, RefusalsNameTheFault) {
  TestNode node(Strict());
  const auto& root = *node.operator_caller();
  EXPECT_EQ(node.prefixes->Admit(root, "88..1", node.Soon()).error().field, "prefix");
  EXPECT_EQ(node.prefixes->Admit(root, "88.110.1", node.Soon()).code(), Errc::kNotResponsible);
  EXPECT_EQ(node.prefixes->Admit(*Anonymous(), "88.108.2", node.Soon()).code(),
            Errc::kUnauthenticated);
  EXPECT_EQ(node.prefixes->CheckAdmitted("10.1").code(), Errc::kNotResponsible);
}

}  // namespace
}  // namespace idnode::service
