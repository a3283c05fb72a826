#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "node/service/audit_rows.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {

/// What tests of the audit log share.

inline constexpr std::int64_t kDayMs = 86'400'000;

inline TestNodeOptions OneShard() {
  TestNodeOptions options;
  options.shards = 1;
  return options;
}

/// A row of the space of facts, that an act writes.
inline std::string RowKey(const std::string& name) { return "mtest-" + name; }

inline Result<void> DoAct(TestNode& node, AuditLog& log, const std::string& target) {
  const std::array rows = {RowChange{RowKey(target), "done", std::string()}};
  return log.Do(node.Operator(), {Action::kPrefixAdmit, target, "", R"({"prefix":"x"})"}, rows,
                node.Soon());
}

inline Result<void> DoAct(TestNode& node, const std::string& target) {
  return DoAct(node, *node.audit, target);
}

/// Writes past the committer, as somebody with the store's files could; no value: the row goes.
inline void Tamper(TestNode& node, const std::string& key, std::optional<std::string> value) {
  const std::string_view view = key;
  const auto read = node.engine->Read(0, {&view, 1}, node.Soon());
  ASSERT_TRUE(read.ok());
  storage::WriteSet writes;
  if (!value.has_value()) {
    writes.deletes.push_back(key);
  } else if (read->values[0].has_value()) {
    writes.updates.push_back({key, *value});
  } else {
    writes.inserts.push_back({key, *value});
  }
  const auto committed = node.engine->Commit(0, read->version, writes, node.Soon());
  ASSERT_TRUE(committed.ok());
  ASSERT_EQ(*committed, storage::CommitStatus::kCommitted);
}

inline std::string Raw(TestNode& node, const std::string& key) {
  const auto bytes = node.engine->Get(0, key, node.Soon());
  EXPECT_TRUE(bytes.ok()) << bytes.error().detail;
  return bytes.ok() ? *bytes : std::string();
}

inline std::uint64_t BrokenAt(TestNode& node) {
  const auto check = node.audit->Verify(node.Auditor(), node.Soon());
  EXPECT_TRUE(check.ok()) << check.error().detail;
  return check.ok() ? check->broken_at : UINT64_MAX;
}

inline AuditHead Head(TestNode& node) { return *DecodeAuditHead(Raw(node, AuditHeadKey())); }

}  // namespace idnode::service
