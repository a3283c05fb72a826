#include "node/service/resolution_service.h"

#include <gtest/gtest.h>

#include "node/base/text.h"
#include "tests/node/service/test_node.h"

namespace idnode::service {
namespace {

TEST(ResolutionTest, ErrorsTellUnknownFromForeign) {
  TestNode node;
  ResolvedRecord record;
  const auto code = [&](std::string_view id) {
    return node.resolution->Resolve(id, *Anonymous(), node.Soon(), record).code();
  };
  EXPECT_EQ(code("88.108.1/none"), Errc::kIdentifierNotFound);
  EXPECT_EQ(code("10.1000/182"), Errc::kNotResponsible);
  EXPECT_EQ(code("nonsense"), Errc::kInvalidIdentifier);
  node.Register("88.108.1/a");
  EXPECT_EQ(code("88.108.1/A"), Errc::kOk);
  node.SetState("88.108.1/a", State::kRevoked);
  EXPECT_EQ(code("88.108.1/a"), Errc::kOk) << "front ends decide what revoked looks like";
  EXPECT_EQ(record.record.state, State::kRevoked);
  node.Delete("88.108.1/a");
  EXPECT_EQ(code("88.108.1/a"), Errc::kIdentifierNotFound);
}

TEST(ResolutionTest, BatchAnswersInOrderAcrossShards) {
  TestNode node;
  node.RegisterMany({"88.108.1/a", "88.108.2/b", "88.108.3/c"});
  const std::vector<std::string_view> ids = {"88.108.3/C",    "x",      "88.108.1/a",
                                             "88.108.2/none", "10.1/x", "88.108.2/b"};
  const auto results = node.resolution->BatchResolve(ids, *Anonymous(), node.Soon());
  ASSERT_TRUE(results.ok());
  EXPECT_EQ((*results)[0]->identifier, "88.108.3/c");
  EXPECT_EQ((*results)[1].code(), Errc::kInvalidIdentifier);
  EXPECT_EQ((*results)[2]->identifier, "88.108.1/a");
  EXPECT_EQ((*results)[3].code(), Errc::kIdentifierNotFound);
  EXPECT_EQ((*results)[4].code(), Errc::kNotResponsible);
  auto values = (*results)[5]->record.values();
  ValueView value;
  ASSERT_TRUE(values.Next(value));
  EXPECT_EQ(value.data, "https://a.example");
}

TEST(ResolutionTest, BatchIsBounded) {
  TestNode node;
  const std::vector<std::string_view> most(10'000, "88.108.1/a");
  EXPECT_TRUE(node.resolution->BatchResolve(most, *Anonymous(), node.Soon()).ok());
  const std::vector<std::string_view> over(10'001, "88.108.1/a");
  EXPECT_EQ(node.resolution->BatchResolve(over, *Anonymous(), node.Soon()).code(),
            Errc::kBatchTooLarge);
}

TEST(ResolutionTest, ListPagesOverEverythingOnceAndPassesOverDeleted) {
  TestNode node;
  std::vector<std::string> ids;
  for (int n = 0; n < 25; ++n) ids.push_back("88.108.1/" + std::to_string(100 + n));
  node.RegisterMany(ids);
  node.RegisterMany({"88.108.1/zebra", "88.108.10/other", "88.108.1-x/other"});
  for (int n = 3; n < 12; ++n) node.Delete(ids[static_cast<std::size_t>(n)]);
  std::vector<std::string> seen;
  std::string token;
  do {
    const auto page = node.resolution->List("88.108.1", 4, token, *Anonymous(), node.Soon());
    ASSERT_TRUE(page.ok()) << page.error().detail;
    EXPECT_LE(page->rows.size(), 4u);
    for (const auto& row : page->rows) seen.push_back(row.identifier);
    token = page->next_page_token;
  } while (!token.empty());
  std::vector<std::string> expected(ids.begin(), ids.begin() + 3);
  expected.insert(expected.end(), ids.begin() + 12, ids.end());
  expected.push_back("88.108.1/zebra");
  EXPECT_EQ(seen, expected);
}

TEST(ResolutionTest, PageSizeAndTokenAreChecked) {
  TestNode node;
  const auto list = [&](std::string_view prefix, std::uint32_t size, std::string_view token) {
    return node.resolution->List(prefix, size, token, *Anonymous(), node.Soon());
  };
  EXPECT_TRUE(list("88.108.1", 1000, "").ok());
  EXPECT_EQ(list("88.108.1", 1001, "").error().field, "pageSize");
  EXPECT_EQ(list("88.108.1", 1, "garbage!").code(), Errc::kInvalidPageToken);
  EXPECT_EQ(list("88.108.1", 1, Base64Url("r88.108.2/x")).code(), Errc::kInvalidPageToken);
  EXPECT_EQ(list("88..1", 1, "").error().field, "prefix");
  EXPECT_EQ(list("10.1000", 1, "").code(), Errc::kNotResponsible);
}

TEST(ResolutionTest, AnswersAreBoundedInBytesToo) {
  TestNode node;
  const std::string megabyte(1 << 16, 'x');
  std::vector<ValueView> values(16);
  for (auto& value : values) {
    value.type = "NOTE";
    value.data = megabyte;
  }
  std::vector<std::string> ids;
  for (int n = 0; n < 70; ++n) {
    ids.push_back("88.108.1/" + std::to_string(100 + n));
    ASSERT_TRUE(node.Run(node.operator_caller(), {}, 1,
                         [&](Batch& batch) {
                           batch.AddRegister({ids.back(), {"product", "", "", values}});
                         })
                    .ok());
  }
  std::size_t seen = 0;
  std::string token;
  do {
    const auto page = node.resolution->List("88.108.1", 1000, token, *Anonymous(), node.Soon());
    ASSERT_TRUE(page.ok());
    EXPECT_LE(page->rows.size(), 8u);
    seen += page->rows.size();
    token = page->next_page_token;
  } while (!token.empty());
  EXPECT_EQ(seen, ids.size());
  const std::vector<std::string_view> all(ids.begin(), ids.end());
  EXPECT_EQ(node.resolution->BatchResolve(all, *Anonymous(), node.Soon()).code(),
            Errc::kBatchTooLarge);
  const std::vector<std::string_view> few(ids.begin(), ids.begin() + 60);
  EXPECT_TRUE(node.resolution->BatchResolve(few, *Anonymous(), node.Soon()).ok());
}

TEST(ResolutionTest, HistoryPagesNewestFirst) {
  TestNode node;
  node.Register("88.108.1/a");
  for (int n = 0; n < 5; ++n) {
    node.SetState("88.108.1/a", n % 2 == 0 ? State::kFrozen : State::kActive);
  }
  std::vector<std::uint32_t> revisions;
  std::string token;
  do {
    const auto page =
        node.resolution->History("88.108.1/A", 2, token, *node.operator_caller(), node.Soon());
    ASSERT_TRUE(page.ok()) << page.error().detail;
    for (const auto& row : page->rows) revisions.push_back(DecodeRecord(row.bytes)->revision);
    token = page->next_page_token;
  } while (!token.empty());
  EXPECT_EQ(revisions, (std::vector<std::uint32_t>{6, 5, 4, 3, 2, 1}));
  const auto owner = node.ApplicationCaller("erp", {"88.108.1"});
  EXPECT_TRUE(node.resolution->History("88.108.1/a", 0, "", *owner, node.Soon()).ok());
  const auto other = node.ApplicationCaller("erp", {"88.108.2"});
  EXPECT_EQ(node.resolution->History("88.108.1/a", 0, "", *other, node.Soon()).code(),
            Errc::kPermissionDenied);
}

}  // namespace
}  // namespace idnode::service
