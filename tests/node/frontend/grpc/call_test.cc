#include "node/frontend/grpc/call.h"

#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "idnode/v1/registration.pb.h"
#include "node/base/text.h"
#include "node/frontend/error_map.h"
#include "node/frontend/grpc/batch_message.h"
#include "node/frontend/grpc/message_pool.h"
#include "node/frontend/guard.h"
#include "tests/node/frontend/grpc/grpc_node.h"

namespace idnode::frontend::rpc {
namespace {

TEST(MetadataTextTest, EncodesWhatMetadataMayNotHold) {
  EXPECT_EQ(MetadataText("values[0].data"), "values[0].data");
  EXPECT_EQ(MetadataText("a b~"), "a b~");
  EXPECT_EQ(MetadataText("100%\n\x7f"), "100%25%0A%7F");
  EXPECT_EQ(MetadataText("色"), "%E8%89%B2");
}

TEST(SourceOfTest, NamesTheAddressThatIsCounted) {
  EXPECT_EQ(SourceOf("ipv4:192.0.2.1:4711"), "192.0.2.1");
  EXPECT_EQ(SourceOf("ipv6:[2001:db8:1:2:3:4:5:6]:4711"), "2001:db8:1:2::/64");
  EXPECT_EQ(SourceOf("ipv6:%5B2001:db8:1:2:3:4:5:6%5D:4711"), "2001:db8:1:2::/64");
  EXPECT_EQ(SourceOf("ipv6:%5Bfe80::1%25eth0%5D:4711"), "fe80::/64");
  EXPECT_EQ(SourceOf("ipv6:[::ffff:192.0.2.1]:4711"), "192.0.2.1");
  EXPECT_EQ(SourceOf("ipv6:[::1]:4711"), "::/64");
  for (const char* none : {"", "unix:/run/idnode", "ipv4:", "ipv4:192.0.2:1", "ipv6:[]:1"}) {
    EXPECT_EQ(SourceOf(none), "") << none;
  }
}

TEST(MetadataTextTest, CutsAtItsBound) {
  EXPECT_EQ(MetadataText(std::string(kFieldBytesMax, 'a')), std::string(kFieldBytesMax, 'a'));
  EXPECT_EQ(MetadataText(std::string(kFieldBytesMax + 1, 'a')), std::string(kFieldBytesMax, 'a'));
  // An encoded byte is not cut in two.
  EXPECT_EQ(MetadataText(std::string(kFieldBytesMax - 2, 'a') + "%"),
            std::string(kFieldBytesMax - 2, 'a'));
}

TEST(PublicDetailTest, CutsBetweenCharacters) {
  EXPECT_EQ(PublicDetail(Error(Errc::kInvalidRequest, std::string(kDetailBytesMax, 'a'))).size(),
            kDetailBytesMax);
  const auto cut =
      PublicDetail(Error(Errc::kInvalidRequest, std::string(kDetailBytesMax - 1, 'a') + "色"));
  EXPECT_EQ(cut, std::string(kDetailBytesMax - 1, 'a'));
  EXPECT_TRUE(IsUtf8(cut));
}

TEST(PublicDetailTest, HidesSecrets) {
  EXPECT_EQ(PublicDetail(Error(Errc::kInternal, "at 0x1234")), ToWire(Errc::kInternal).title);
  EXPECT_EQ(PublicDetail(Error(Errc::kOverloaded, "at 0x1234")), "at 0x1234");
  for (const Errc code : {Errc::kUnavailable, Errc::kStorageFull, Errc::kUndetermined}) {
    EXPECT_EQ(PublicDetail(Error(code, "IO error: /var/lib/idnode/store")), ToWire(code).title);
  }
}

TEST(GuardedTest, GivesResultsAndTurnsExceptionsIntoErrors) {
  EXPECT_TRUE(Guarded([]() -> Result<void> { return {}; }).ok());
  EXPECT_EQ(*Guarded([]() -> Result<int> { return 7; }), 7);
  const auto thrown = Guarded([]() -> Result<int> { throw std::runtime_error("from a library"); });
  EXPECT_EQ(thrown.code(), Errc::kInternal);
  EXPECT_EQ(thrown.error().detail, "from a library");
  EXPECT_EQ(Guarded([]() -> Result<void> { throw 7; }).code(), Errc::kInternal);  // NOLINT
}

grpc::ByteBuffer BytesOf(const std::string& text) {
  const grpc::Slice slice(text);
  return {&slice, 1};
}

TEST(CountItemsTest, CountsWithoutParsing) {
  for (const int items : {0, 1, 2, 1'000}) {
    v1::BatchRegisterRequest request;
    request.set_request_id("r");
    for (int i = 0; i < items; ++i) request.add_items()->set_identifier("88.108.1001/SN");
    const auto bytes = BytesOf(request.SerializeAsString());
    EXPECT_EQ(CountItems(bytes), static_cast<std::size_t>(items));
    EXPECT_EQ(bytes.Length(), request.ByteSizeLong()) << "the bytes are still there";
  }
}

TEST(CountItemsTest, PassesOverWhatItDoesNotKnow) {
  // Unknown fields: a varint, a fixed64, a fixed32, a group; then one item.
  EXPECT_EQ(CountItems(BytesOf(std::string("\x18\x01\x21........\x2d....\x33\x34\x12\x00", 21))),
            1U);
  EXPECT_EQ(CountItems(BytesOf(std::string("\x12\x7f", 2))), 1U);  // cut short: the parser says so
  EXPECT_EQ(CountItems(BytesOf("\xff")), 0U);
  EXPECT_EQ(CountItems(BytesOf("")), 0U);
}

using Pool = MessagePool<v1::BatchRegisterRequest, v1::BatchRegisterResponse>;

TEST(MessagePoolTest, GivesMessagesAgainAndEmpty) {
  Pool pool;
  auto pair = pool.Take();
  const auto* first = pair.get();
  pair->request.set_request_id("r");
  pair->response.set_request_id("r");
  pool.Give(std::move(pair), 100);
  pair = pool.Take();
  EXPECT_EQ(pair.get(), first);
  EXPECT_EQ(pair->request.request_id(), "");
  EXPECT_EQ(pair->response.request_id(), "");
  EXPECT_EQ(pair->bytes_parsed, 100U);
}

TEST(MessagePoolTest, KeepsNothingThatGrewLarge) {
  Pool pool;
  auto pair = pool.Take();
  pool.Give(std::move(pair), Pool::kMessageBytesMax);
  EXPECT_EQ(pool.Take()->bytes_parsed, Pool::kMessageBytesMax);
  pair = pool.Take();
  pool.Give(std::move(pair), Pool::kMessageBytesMax + 1);
  EXPECT_EQ(pool.Take()->bytes_parsed, 0U);
  pair = pool.Take();
  pair->bytes_parsed = Pool::kParsedBytesMax;
  pool.Give(std::move(pair), 1);
  EXPECT_EQ(pool.Take()->bytes_parsed, 0U);
}

TEST(MessagePoolTest, KeepsNoMoreThanItsBound) {
  Pool pool;
  std::vector<std::unique_ptr<Pool::Pair>> pairs;
  for (std::size_t i = 0; i <= Pool::kKeptMax; ++i) pairs.push_back(pool.Take());
  for (auto& pair : pairs) pool.Give(std::move(pair), 1);
  std::size_t kept = 0;
  for (std::size_t i = 0; i <= Pool::kKeptMax; ++i) {
    pairs[i] = pool.Take();
    kept += pairs[i]->bytes_parsed == 1 ? 1 : 0;
  }
  EXPECT_EQ(kept, Pool::kKeptMax);
}

}  // namespace
}  // namespace idnode::frontend::rpc
