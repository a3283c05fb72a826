// The chain of the audit log, computed anew on the client.
#include "node/cli/audit_chain.h"

#include <string>

#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "tests/node/cli/test_files.h"

namespace idnode::cli {
namespace {

std::string HexOf(const Digest& digest) {
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

// Hashes computed with Python's hashlib from the description in storage/FORMAT.md.
constexpr char kFirstHash[] = "19f8c06e23067a29b7a7b88708fa0525eac085692f291b62ff1775f7d423e312";
constexpr char kSecondHash[] = "09950f1e9fb0ec28825a8ae111188d397a61d81045cac339d526f45d124f4af4";

v1::AuditEntry FirstEntry() {
  v1::AuditEntry entry;
  entry.set_number(1);
  entry.mutable_at()->set_seconds(1'795'000'000);
  entry.mutable_at()->set_nanos(123'000'000);
  entry.set_who("operator");
  entry.set_role("operator");
  entry.set_from("192.0.2.7");
  entry.set_action("prefix.admit");
  entry.set_target("88.108.1001");
  entry.set_after(R"({"prefix":"88.108.1001"})");
  entry.set_count(1);
  return entry;
}

v1::AuditEntry SecondEntry() {
  v1::AuditEntry entry;
  entry.set_number(2);
  *entry.mutable_at() = FirstEntry().at();
  entry.set_who("user:李明");
  entry.set_role("enterprise-administrator");
  entry.set_from("2001:db8::7");
  entry.set_action("prefix.set-state");
  entry.set_target("88.108.1001");
  entry.set_refused("permission-denied");
  entry.set_count(300);
  return entry;
}

v1::AuditEntry Hashed(v1::AuditEntry entry, const Digest& before) {
  const Digest hash = AuditHashOf(before, entry);
  entry.set_hash(std::string(reinterpret_cast<const char*>(hash.data()), hash.size()));
  return entry;
}

TEST(AuditHashTest, IsWhatTheFormatSays) {
  const Digest first = AuditHashOf({}, FirstEntry());
  EXPECT_EQ(HexOf(first), kFirstHash);
  EXPECT_EQ(HexOf(AuditHashOf(first, SecondEntry())), kSecondHash);
}

TEST(AuditChainTest, EveryFieldIsCovered) {
  const v1::AuditEntry entry = FirstEntry();
  const std::string hash = HexOf(AuditHashOf({}, entry));
  const auto* reflection = entry.GetReflection();
  for (int i = 0; i < entry.GetDescriptor()->field_count(); ++i) {
    const auto* field = entry.GetDescriptor()->field(i);
    v1::AuditEntry other(entry);
    if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING) {
      reflection->SetString(&other, field, "other");
    } else if (field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_UINT64) {
      reflection->SetUInt64(&other, field, 77);
    } else {
      other.mutable_at()->set_nanos(124'000'000);
    }
    const bool is_hash = field->name() == "hash";  // the result itself
    EXPECT_EQ(HexOf(AuditHashOf({}, other)) == hash, is_hash) << field->name();
  }
}

TEST(AuditChainTest, FollowsAndRefusesWhatDoesNotFollow) {
  AuditChain chain;
  ASSERT_TRUE(chain.Add(Hashed(FirstEntry(), {})).ok());
  AuditChain gap = chain;
  const v1::AuditEntry second = Hashed(SecondEntry(), chain.head());
  v1::AuditEntry changed(second);
  changed.set_target("88.108.6666");
  EXPECT_EQ(AuditChain(chain).Add(changed).code(), Errc::kCorruption);
  v1::AuditEntry without(second);
  without.clear_hash();
  EXPECT_EQ(AuditChain(chain).Add(without).code(), Errc::kCorruption);
  ASSERT_TRUE(chain.Add(second).ok());
  EXPECT_EQ(chain.first(), 1U);
  EXPECT_EQ(chain.last(), 2U);
  v1::AuditEntry third(SecondEntry());
  third.set_number(3);
  EXPECT_EQ(gap.Add(Hashed(third, gap.head())).code(), Errc::kCorruption);
  EXPECT_EQ(chain.Add(second).code(), Errc::kCorruption);  // the same once more
  // A first entry that is not entry 1 follows from what is not kept any more.
  AuditChain later;
  EXPECT_TRUE(later.Add(Hashed(third, Digest{1})).ok());
  EXPECT_EQ(later.first(), 3U);
  // Entry 1 must follow from nothing.
  AuditChain forged;
  EXPECT_EQ(forged.Add(Hashed(FirstEntry(), Digest{1})).code(), Errc::kCorruption);
}

class AuditFileTest : public testing::Test {
 protected:
  static std::string Line(const v1::AuditEntry& entry) {
    std::string json;
    EXPECT_TRUE(google::protobuf::util::MessageToJsonString(entry, &json).ok());
    return json + "\n";
  }
  TestFolder folder_;
  const v1::AuditEntry first_ = Hashed(FirstEntry(), {});
  const v1::AuditEntry second_ = Hashed(SecondEntry(), AuditHashOf({}, FirstEntry()));
};

TEST_F(AuditFileTest, ReadsWhatWasWritten) {
  const auto chain = ReadAuditFile(folder_.Write("a.jsonl", Line(first_) + Line(second_)));
  ASSERT_TRUE(chain.ok()) << chain.error().detail;
  EXPECT_EQ(chain->last(), 2U);
  EXPECT_EQ(HexOf(chain->head()), kSecondHash);
  EXPECT_EQ(ReadAuditFile(folder_.Write("e.jsonl", ""))->last(), 0U);
  EXPECT_EQ(ReadAuditFile(folder_.Write("x.jsonl", "{\"number\":\n")).code(),
            Errc::kInvalidRequest);
  EXPECT_EQ(ReadAuditFile(folder_.Path("none")).code(), Errc::kInvalidRequest);
}

TEST_F(AuditFileTest, ALineThatWasCutOffIsLeftOutForTheOneWhoGoesOn) {
  const std::string whole = Line(first_);
  const std::string second = Line(second_);
  for (std::size_t length = 1; length < second.size(); ++length) {
    const std::string path = folder_.Write("cut.jsonl", whole + second.substr(0, length));
    std::int64_t whole_bytes = -1;
    const auto chain = ReadAuditFile(path, &whole_bytes);
    ASSERT_TRUE(chain.ok()) << length << ": " << chain.error().detail;
    EXPECT_EQ(chain->last(), 1U) << length;
    EXPECT_EQ(whole_bytes, static_cast<std::int64_t>(whole.size())) << length;
  }
  const std::string cut = folder_.Write("cut.jsonl", whole + second.substr(0, 20));
  EXPECT_EQ(ReadAuditFile(cut).code(), Errc::kInvalidRequest);
}

}  // namespace
}  // namespace idnode::cli
