#pragma once

// What tests of access control share.

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/service/access_control.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {

inline std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

inline std::string OperatorToken(const TestNode& node) {
  std::string token = ReadFile(node.data_dir + "/operator.token");
  token.pop_back();  // the line end
  return token;
}

inline NewApplication Wanted(const std::string& name, std::vector<std::string> prefixes) {
  NewApplication wanted;
  wanted.name = name;
  wanted.prefixes = std::move(prefixes);
  return wanted;
}

// An application of the operator's making; its token.
inline std::string Make(TestNode& node, const NewApplication& wanted) {
  const auto created = node.access->CreateApplication(node.Operator(), wanted, node.Soon());
  EXPECT_TRUE(created.ok()) << created.error().detail;
  return created.ok() ? created->second : std::string();
}

inline Errc Auth(const TestNode& node, const std::string& token) {
  return node.access->Authenticate(token).code();
}

// "action refused target" of each entry of a refusal, sorted.
inline std::vector<std::string> Refusals(TestNode& node) {
  std::vector<std::string> refusals;
  for (const auto& entry : node.AuditEntries()) {
    if (entry.refused.empty()) continue;
    refusals.push_back(entry.action + " " + entry.refused + " " + entry.target);
  }
  std::sort(refusals.begin(), refusals.end());
  return refusals;
}

}  // namespace idnode::service
