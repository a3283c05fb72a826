#include "bench/load/data_set.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "bench/load/register_client.h"
#include "idnode/v1/registration.pb.h"
#include "node/model/identifier.h"
#include "node/model/record.h"

namespace idnode::bench {
namespace {

v1::RegisterItem ItemOf(RowWriter& rows, std::uint64_t row) {
  std::string bytes;
  rows.AppendItem(row, bytes);
  v1::BatchRegisterRequest request;
  EXPECT_TRUE(request.ParseFromString(bytes));
  EXPECT_EQ(request.items_size(), 1);
  return request.items_size() == 1 ? request.items(0) : v1::RegisterItem();
}

TEST(DataSetTest, ItemsAreRegistrationsOfTheStatedSize) {
  for (const Order order : {Order::kSequential, Order::kRandom}) {
    RowWriter rows({order, 16, 10, 3});
    const v1::RegisterItem item = ItemOf(rows, 12'345);
    EXPECT_EQ(item.identifier(), rows.Identifier(12'345));
    ASSERT_EQ(item.values_size(), 1);
    EXPECT_EQ(item.values(0).index(), 1U);
    EXPECT_EQ(item.identifier().size() + item.object_class().size() + item.values(0).type().size() +
                  item.values(0).data().size(),
              kOwnBytes);
    EXPECT_TRUE(ParseIdentifier(item.identifier()).ok());
    // The value names the same product.
    EXPECT_NE(item.values(0).data().find(item.identifier().substr(12)), std::string::npos);
  }
}

TEST(DataSetTest, SequentialRowsFollowEachOtherUnderTheirPrefix) {
  RowWriter rows({Order::kSequential, 2, 10, 7});
  EXPECT_EQ(rows.Identifier(0), "88.108.1001/0007000000000000");
  EXPECT_EQ(rows.Identifier(9), "88.108.1001/0007000000000009");
  EXPECT_EQ(rows.Identifier(10), "88.108.1002/0007000000000010");
  EXPECT_EQ(rows.Identifier(20), "88.108.1001/0007000000000020");
}

TEST(DataSetTest, RandomRowsAreDistinctAndRepeatable) {
  RowWriter rows({Order::kRandom, 16, 10, 1});
  RowWriter again({Order::kRandom, 16, 10, 1});
  RowWriter other_run({Order::kRandom, 16, 10, 2});
  std::set<std::string> seen;
  for (std::uint64_t row = 0; row < 10'000; ++row) {
    EXPECT_EQ(rows.Identifier(row), again.Identifier(row));
    EXPECT_TRUE(seen.emplace(rows.Identifier(row)).second) << row;
    EXPECT_TRUE(seen.emplace(other_run.Identifier(row)).second) << row;
  }
}

TEST(DataSetTest, StoredRowIsTheRecordOfTheItem) {
  RowWriter rows({Order::kRandom, 16, 10, 1});
  const v1::RegisterItem item = ItemOf(rows, 77);
  std::string_view key;
  std::string_view bytes;
  rows.StoredRow(77, key, bytes);
  EXPECT_TRUE(key.ends_with(item.identifier()));
  const auto record = DecodeRecord(bytes);
  ASSERT_TRUE(record.ok());
  EXPECT_EQ(record->object_class, item.object_class());
  ValueReader values = record->values();
  ValueView value;
  ASSERT_TRUE(values.Next(value));
  EXPECT_EQ(value.type, item.values(0).type());
  EXPECT_EQ(value.data, item.values(0).data());
}

TEST(BatchBuilderTest, BuildsWholeAndLastBatches) {
  RegisterPlan plan;
  plan.rows = 25;
  plan.batch_items = 10;
  plan.request_ids = true;
  EXPECT_EQ(plan.batches(), 3U);
  BatchBuilder builder(plan);
  RowWriter rows(plan.data);
  v1::BatchRegisterRequest request;
  ASSERT_TRUE(request.ParseFromString(builder.Build(1)));
  ASSERT_EQ(request.items_size(), 10);
  EXPECT_EQ(request.items(0).identifier(), rows.Identifier(10));
  const std::string id = request.request_id();
  ASSERT_TRUE(request.ParseFromString(builder.Build(2)));
  EXPECT_EQ(request.items_size(), 5);
  EXPECT_NE(request.request_id(), id);
  EXPECT_FALSE(id.empty());
}

}  // namespace
}  // namespace idnode::bench
