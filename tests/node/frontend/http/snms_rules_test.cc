// The SNMS face's own rules, without a socket: bodies, forms, files, items, times, statuses.
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "node/frontend/error_map.h"
#include "node/frontend/http/snms/endpoint.h"
#include "node/frontend/http/snms/envelope.h"
#include "node/frontend/http/snms/file_store.h"
#include "node/frontend/http/snms/item.h"
#include "node/frontend/http/snms/listing.h"
#include "node/frontend/http/snms/multipart.h"
#include "tests/node/frontend/http/http_node.h"

namespace idnode::frontend::http::snms {
namespace {

using testing::TemporaryDirectory;

constexpr std::string_view kPng = "\x89PNG\r\n\x1a\n the rest of a picture";

// ---- envelope -------------------------------------------------------------------------------

TEST(SnmsEnvelopeTest, SaysWhatClientsRead) {
  EXPECT_EQ(EnvelopeJson(Reply::Success()), R"({"message":"success","status":1,"data":true})");
  EXPECT_EQ(EnvelopeJson(Reply::Refused(Missing("handle"))),
            R"({"message":"缺少必要的请求参数: handle","status":-2,"data":null})");
  Reply deleted = Reply::Success();
  deleted.with_code = true;
  EXPECT_EQ(EnvelopeJson(deleted), R"({"message":"success","status":1,"code":1,"data":true})");
}

TEST(SnmsEnvelopeTest, AFaultOfTheNodeIsNeverABusinessFailure) {
  EXPECT_EQ(StatusOf(Errc::kOk), Status::kSuccess);
  EXPECT_EQ(StatusOf(Errc::kUnauthenticated), Status::kNotLoggedIn);
  EXPECT_EQ(StatusOf(Errc::kPermissionDenied), Status::kNoPermission);
  EXPECT_EQ(StatusOf(Errc::kIdentifierExists), Status::kFailed);
  EXPECT_EQ(StatusOf(Errc::kPrefixNotActive), Status::kFailed);
  EXPECT_EQ(StatusOf(Errc::kQuotaExceeded), Status::kFailed);
  for (const Errc code : {Errc::kInternal, Errc::kUndetermined, Errc::kUnavailable,
                          Errc::kOverloaded, Errc::kStorageFull, Errc::kClockUntrusted,
                          Errc::kShuttingDown, Errc::kDeadlineExceeded, Errc::kRateLimited}) {
    EXPECT_EQ(StatusOf(code), Status::kInternal) << ErrcName(code);
  }
}

TEST(SnmsEnvelopeTest, SecretDetailsStayInTheLog) {
  const std::string message = MessageOf(Error(Errc::kUnavailable, "/var/lib/idnode: I/O error"));
  EXPECT_EQ(message, ToWire(Errc::kUnavailable).title_zh);
  EXPECT_EQ(MessageOf(Error(Errc::kIdentifierExists, "whatever")), "标识已存在");
  EXPECT_EQ(MessageOf(Error(Errc::kInvalidValue, "too long", "values[0].data")),
            "标识值无效：values[0].data too long");
}

TEST(SnmsEnvelopeTest, TimesAreBeijings) {
  EXPECT_EQ(BeijingTime(1'795'312'800'123), "2026-11-22 10:00:00");
  EXPECT_EQ(BeijingTime(-1), "1970-01-01 07:59:59");
  EXPECT_EQ(*ParseBeijingTime("2026-11-22 10:00:00", "x"), 1'795'312'800'000);
  EXPECT_EQ(*ParseBeijingTime("2026-11-22", "x"), 1'795'312'800'000 - 10 * 3'600'000);
  for (const char* bad :
       {"", "2026-11-31", "2026-13-01", "2026-11-22T10:00:00", "2026-11-22 24:00:00",
        "2026-11-22 10:60:00", "2026/11/22", "-026-11-22", "2026-11-22 1:00:00"}) {
    EXPECT_EQ(ParseBeijingTime(bad, "x").code(), Errc::kInvalidRequest) << bad;
  }
}

// ---- bodies ---------------------------------------------------------------------------------

TEST(SnmsJsonTest, RefusesWhatIsTooDeepTooLargeOrNone) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(ParseJsonText(nested(kJsonDepthMax), kBodyBytesMax).ok());
  EXPECT_EQ(ParseJsonText(nested(kJsonDepthMax + 1), kBodyBytesMax).code(), Errc::kInvalidRequest);
  EXPECT_TRUE(ParseJsonText("[1]", 3).ok());
  EXPECT_EQ(ParseJsonText("[12]", 3).code(), Errc::kPayloadTooLarge);
  for (const char* bad : {"", "{", "{\"a\":}", "[1] 2", "\"\xff\""}) {
    EXPECT_EQ(ParseJsonText(bad, kBodyBytesMax).code(), Errc::kInvalidRequest) << bad;
  }
  EXPECT_FALSE(ParseObject("[]", kBodyBytesMax).ok());
}

TEST(SnmsJsonTest, NumbersMayBeTextsAndEmptyIsAbsent) {
  const auto body = *ParseObject(
      R"({"a":"2000","b":2000,"c":"","d":null,"e":"x","f":1.5,"g":true,"h":[]})", 1000);
  EXPECT_EQ(*OptionalInteger(body, "a", "a"), 2000);
  EXPECT_EQ(*OptionalInteger(body, "b", "b"), 2000);
  EXPECT_EQ(*OptionalInteger(body, "c", "c"), std::nullopt);
  EXPECT_EQ(*OptionalInteger(body, "d", "d"), std::nullopt);
  EXPECT_FALSE(OptionalInteger(body, "e", "e").ok());
  EXPECT_FALSE(OptionalInteger(body, "f", "f").ok());
  EXPECT_EQ(*OptionalText(body, "b", "b"), "2000");
  EXPECT_EQ(*OptionalText(body, "c", "c"), std::nullopt);
  EXPECT_EQ(*OptionalText(body, "f", "f"), "1.5");
  EXPECT_EQ(*OptionalText(body, "g", "g"), "true");
  EXPECT_FALSE(OptionalText(body, "h", "h").ok());
  EXPECT_EQ(RequiredText(body, "c", "x.c").error().detail, "缺少必要的请求参数: x.c");
  EXPECT_TRUE(OptionalText(body, "a", "a", 4).ok());
  EXPECT_FALSE(OptionalText(body, "a", "a", 3).ok());
}

// ---- items ----------------------------------------------------------------------------------

Result<Item> ReadText(std::string_view text, ItemRules rules = {}) {
  return ReadItem(*ParseJsonText(text, kBodyBytesMax), rules);
}

std::string ItemText(const std::string& value) {
  return R"({"handle":"88.108.1/a","templateVersion":"1.0","value":[)" + value + "]}";
}

TEST(SnmsItemTest, ReadsValuesAndDropsTheTemplates) {
  const auto item = ReadText(ItemText(
      R"({"index":1001,"type":"TEMPLATE","auth":"1","data":{"format":"string","value":"1.0"}},)"
      R"({"index":"2000","type":"name","auth":"","data":{"format":"String","value":"鞋"}},)"
      R"({"index":2001,"type":"size","auth":"0","data":{"value":42}},)"
      R"({"index":2002,"type":"raw","data":{"format":"base64","value":"AAE="}})"));
  ASSERT_TRUE(item.ok()) << item.error().detail;
  EXPECT_EQ(item->handle, "88.108.1/a");
  EXPECT_EQ(item->template_version, "1.0");
  ASSERT_EQ(item->values.size(), 3U);
  EXPECT_EQ(item->values[0].index, 2000U);
  EXPECT_EQ(item->values[0].data, "鞋");
  EXPECT_EQ(item->values[0].permissions, kDefaultPermissions);
  EXPECT_EQ(item->values[1].data, "42");
  EXPECT_EQ(item->values[1].permissions, 0b1100);
  EXPECT_EQ(item->values[2].data, std::string("\0\1", 2));
}

TEST(SnmsItemTest, RefusesWhatItDoesNotUnderstand) {
  const auto message = [](const std::string& text, ItemRules rules = {}) {
    const auto item = ReadText(text, rules);
    return item.ok() ? "read" : item.error().detail;
  };
  EXPECT_EQ(message("[]"), "请求体应为JSON对象");
  EXPECT_EQ(message(R"({"templateVersion":"1","value":[]})"), "缺少必要的请求参数: handle");
  EXPECT_EQ(message(R"({"handle":"88.108.1/a","value":[]})"),
            "缺少必要的请求参数: templateVersion");
  EXPECT_EQ(message(R"({"handle":"88.108.1/a","value":[]})", {.template_required = false}), "read");
  EXPECT_EQ(message(R"({"handle":"88.108.1/a","templateVersion":"1"})"),
            "缺少必要的请求参数: value");
  EXPECT_EQ(message(ItemText(R"({"type":"a","data":{"value":"x"}})")),
            "缺少必要的请求参数: value[i].index");
  EXPECT_EQ(message(ItemText(R"({"index":0,"type":"a","data":{"value":"x"}})")),
            "标识属性索引无效: 0");
  EXPECT_EQ(message(ItemText(R"({"index":2000,"data":{"value":"x"}})")),
            "缺少必要的请求参数: value[i].type");
  EXPECT_EQ(message(ItemText(R"({"index":2000,"type":"a","data":{"format":"int","value":"x"}})")),
            "标识属性内容格式只支持string: int");
  EXPECT_EQ(message(ItemText(R"({"index":2000,"type":"a","data":{"value":null}})")),
            "缺少必要的请求参数: value[i].data.value");
  EXPECT_EQ(
      message(ItemText(R"({"index":2000,"type":"a","data":{"format":"base64","value":"?"}})")),
      "标识属性内容值不是合法的base64");
}

TEST(SnmsItemTest, LengthIsBoundOnlyWhereTheOperatorWantsIt) {
  const auto item = [](std::size_t characters) {
    std::string value;
    for (std::size_t i = 0; i < characters; ++i) value += "鞋";
    return ItemText(R"({"index":2000,"type":"a","data":{"value":")" + value + R"("}})");
  };
  const ItemRules strict{.strict_value_length = true};
  EXPECT_TRUE(ReadText(item(kStrictValueCharactersMax), strict).ok());
  EXPECT_FALSE(ReadText(item(kStrictValueCharactersMax + 1), strict).ok());
  EXPECT_TRUE(ReadText(item(kStrictValueCharactersMax + 1)).ok());
}

TEST(SnmsItemTest, TemplateVersionIsWhatStandsBeforeTheNodesOwn) {
  EXPECT_EQ(TemplateVersionOf("1.0@2"), "1.0");
  EXPECT_EQ(TemplateVersionOf("a@b@10"), "a@b");
  EXPECT_EQ(TemplateVersionOf("1.0"), "1.0");
  EXPECT_EQ(TemplateVersionOf("1.0@"), "1.0@");
  EXPECT_EQ(TemplateVersionOf("a@b"), "a@b");
  EXPECT_EQ(TemplateVersionOf(""), "");
}

// A record as it would be stored.
std::string RecordBytes(const std::vector<ValueView>& values, std::string_view template_ref) {
  std::string bytes;
  EncodeRecordHeader({}, bytes);
  ContentInput content;
  content.template_ref = template_ref;
  content.values = values;
  EXPECT_TRUE(EncodeContent(content, RecordLimits(), bytes).ok());
  return bytes;
}

TEST(SnmsItemTest, TheSameContentIsTheSameUnderEveryVersionOfTheTemplate) {
  const auto item = *ReadText(ItemText(R"({"index":2000,"type":"Name","data":{"value":"x"}})"));
  const auto same = [&](std::string_view type, std::string_view data, std::string_view reference,
                        std::uint8_t permissions = kDefaultPermissions) {
    ValueView value;
    value.index = 2000;
    value.type = type;
    value.data = data;
    value.permissions = permissions;
    const std::string bytes = RecordBytes({value}, reference);
    return SameContent(*DecodeRecord(bytes), item);
  };
  EXPECT_TRUE(same("name", "x", "1.0@1"));
  EXPECT_TRUE(same("Name", "x", "1.0@7"));
  EXPECT_FALSE(same("name", "y", "1.0@1"));
  EXPECT_FALSE(same("other", "x", "1.0@1"));
  EXPECT_FALSE(same("name", "x", "1.1@1"));
  EXPECT_FALSE(same("name", "x", "1.0@1", 0b1100));
  const std::string empty = RecordBytes({}, "1.0@1");
  EXPECT_FALSE(SameContent(*DecodeRecord(empty), item));
}

// ---- forms ----------------------------------------------------------------------------------

TEST(SnmsFormTest, FindsTheFile) {
  const std::string form =
      "preamble\r\n--b1\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n"
      "--b1 \r\nContent-Type: image/png\r\ncontent-disposition: form-data; name=\"file\"; "
      "filename=\"a;b.png\"\r\n\r\nbytes\r\n--b1x\r\nmore\r\n--b1--\r\n";
  const auto boundary = FormBoundary("multipart/form-data; charset=utf-8; boundary=\"b1\"");
  ASSERT_TRUE(boundary.ok());
  EXPECT_EQ(*boundary, "b1");
  const auto note = FindFormFile(form, *boundary, "note");
  ASSERT_TRUE(note.ok());
  EXPECT_EQ(note->content, "hello");
  EXPECT_EQ(note->filename, "");
  EXPECT_EQ(FindFormFile(form, *boundary, "absent").code(), Errc::kInvalidRequest);
}

TEST(SnmsFormTest, ReadsAnEmptyPartAndAPartAtTheStart) {
  const std::string form =
      "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"\"\r\n"
      "\r\n\r\n--b--";
  const auto file = FindFormFile(form, "b", "file");
  ASSERT_TRUE(file.ok()) << file.error().detail;
  EXPECT_EQ(file->content, "");
}

TEST(SnmsFormTest, RefusesWhatIsNoForm) {
  EXPECT_EQ(FormBoundary("application/json").code(), Errc::kUnsupportedMedia);
  EXPECT_EQ(FormBoundary("multipart/form-data").code(), Errc::kUnsupportedMedia);
  EXPECT_TRUE(
      FormBoundary("multipart/form-data; boundary=" + std::string(kFormBoundaryBytesMax, 'b'))
          .ok());
  EXPECT_FALSE(
      FormBoundary("multipart/form-data; boundary=" + std::string(kFormBoundaryBytesMax + 1, 'b'))
          .ok());
  for (const char* bad :
       {"", "--b", "--b\r\n", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx",
        "--bx\r\n\r\n\r\n--b--", "x--b\r\n\r\n\r\n--b--"}) {
    EXPECT_FALSE(FindFormFile(bad, "b", "file").ok()) << bad;
  }
  const auto with_parts = [](std::size_t others) {
    std::string form;
    for (std::size_t i = 0; i < others; ++i) {
      form += "--b\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\n\r\n";
    }
    return form + "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n1\r\n--b--\r\n";
  };
  EXPECT_TRUE(FindFormFile(with_parts(kFormPartsMax - 1), "b", "file").ok());
  EXPECT_FALSE(FindFormFile(with_parts(kFormPartsMax), "b", "file").ok());
}

// ---- files ----------------------------------------------------------------------------------

class SnmsFileStoreTest : public ::testing::Test {
 protected:
  std::unique_ptr<DirectoryFileStore> Open() {
    auto store = DirectoryFileStore::Open(directory_.path("files"), clock_);
    EXPECT_TRUE(store.ok());
    return *std::move(store);
  }
  std::size_t OnDisk() const {
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& file :
         std::filesystem::directory_iterator(directory_.path("files"))) {
      ++files;
    }
    return files;
  }

  TemporaryDirectory directory_;
  FakeClock clock_{1'795'312'800'123};
};

TEST_F(SnmsFileStoreTest, AnIdServesOneOwnerAlsoAfterARestart) {
  auto store = Open();
  const auto first = store->Put(kPng);
  ASSERT_TRUE(first.ok());
  const auto second = store->Put("%PDF-1.7");
  ASSERT_TRUE(second.ok());
  EXPECT_NE(first->id, second->id);
  EXPECT_GE(first->id, 1);
  EXPECT_LT(first->id, std::int64_t{1} << 53);
  EXPECT_TRUE(first->path.ends_with(".png"));
  EXPECT_TRUE(store->Claim(std::vector{first->id}, "A").ok());
  EXPECT_TRUE(store->Claim(std::vector{first->id}, "A").ok());  // a repeat
  EXPECT_FALSE(store->Claim(std::vector{first->id}, "B").ok());
  // All or none.
  EXPECT_FALSE(store->Claim(std::vector{second->id, first->id}, "B").ok());
  EXPECT_TRUE(store->Check(std::vector{second->id}, "B").ok());
  EXPECT_FALSE(store->Claim(std::vector{second->id}, "../B").ok());
  store = Open();
  EXPECT_TRUE(store->Check(std::vector{first->id}, "A").ok());
  EXPECT_FALSE(store->Check(std::vector{first->id}, "B").ok());
  EXPECT_TRUE(store->Check(std::vector{second->id}, "B").ok());
  EXPECT_FALSE(store->Check(std::vector{second->id + 1}, "B").ok());
}

TEST_F(SnmsFileStoreTest, UnclaimedFilesGoAfterADay) {
  auto store = Open();
  const std::int64_t kept = store->Put(kPng)->id;
  const std::int64_t dropped = store->Put(kPng)->id;
  ASSERT_TRUE(store->Claim(std::vector{kept}, "A").ok());
  clock_.AdvanceMs(kUnclaimedMsMax);
  EXPECT_TRUE(store->Check(std::vector{dropped}, "B").ok());
  clock_.AdvanceMs(1);
  EXPECT_FALSE(store->Check(std::vector{dropped}, "B").ok());
  EXPECT_TRUE(store->Check(std::vector{kept}, "A").ok());
  EXPECT_EQ(OnDisk(), 1U);
}

TEST_F(SnmsFileStoreTest, KindsSizesAndNumbersAreBound) {
  auto store = Open();
  EXPECT_EQ(store->Put("").code(), Errc::kInvalidValue);
  EXPECT_EQ(store->Put("<script>").code(), Errc::kInvalidValue);
  const auto sized = [](std::string_view start, std::size_t bytes) {
    return std::string(start) + std::string(bytes - start.size(), 'x');
  };
  EXPECT_TRUE(store->Put(sized("GIF89a", kImageBytesMax)).ok());
  EXPECT_EQ(store->Put(sized("GIF89a", kImageBytesMax + 1)).code(), Errc::kPayloadTooLarge);
  EXPECT_TRUE(store->Put(sized("%PDF-", kPdfBytesMax)).ok());
  EXPECT_EQ(store->Put(sized("%PDF-", kPdfBytesMax + 1)).code(), Errc::kPayloadTooLarge);
  for (std::size_t waiting = 2; waiting < kUnclaimedFilesMax; ++waiting) {
    ASSERT_TRUE(store->Put(kPng).ok());
  }
  EXPECT_EQ(store->Put(kPng).code(), Errc::kOverloaded);
  EXPECT_EQ(OnDisk(), kUnclaimedFilesMax);
}

TEST_F(SnmsFileStoreTest, PassesOverWhatIsNotItsOwn) {
  std::filesystem::create_directories(directory_.path("files"));
  for (const char* name : {"notes.txt", "12", "12-", "12-x.png", "-1-2.png"}) {
    std::ofstream(directory_.path("files") + "/" + name) << "x";
  }
  const auto store = Open();
  EXPECT_FALSE(store->Check(std::vector<std::int64_t>{12}, "A").ok());
  EXPECT_EQ(OnDisk(), 5U);
}

// ---- paths and pages ------------------------------------------------------------------------

TEST(SnmsEndpointTest, EveryRowIsServedAndNamed) {
  std::set<std::string> labels;
  for (const EndpointRow& row : EndpointRows()) {
    const std::string path = std::string(row.path) + (row.path == "/resolve/" ? "88.108.1/a" : "");
    EXPECT_TRUE(SnmsHandler::Serves(path)) << path;
    EXPECT_EQ(MatchEndpoint(row.method, path).endpoint, row.endpoint) << path;
    labels.insert(std::string(EndpointLabel(row.endpoint)));
  }
  EXPECT_EQ(labels.size(), kEndpoints - 1);
  EXPECT_FALSE(labels.contains("none"));
  EXPECT_FALSE(MatchEndpoint(Method::kGet, "/resolve/").path_known);
  EXPECT_FALSE(MatchEndpoint(Method::kGet, "/identityv2/dat").path_known);
  EXPECT_EQ(AllowedOf("/snms/api/v3/template"), "GET, POST, DELETE");
  EXPECT_EQ(AllowedOf("/snms/api/v5/template"), "GET, POST, PUT, DELETE");
}

TEST(SnmsListingTest, APageObjectCountsFromOne) {
  const auto page = [](std::int64_t number, std::int64_t size, std::size_t total) {
    return PageJson({number, size}, total,
                    [](std::size_t i, std::string& out) { out += std::to_string(i); });
  };
  EXPECT_EQ(page(1, 2, 3),
            R"({"content":[0,1],"totalElements":3,"totalPages":2,"size":2,"number":1,)"
            R"("first":true,"last":false,"numberOfElements":2,"empty":false,"sort":null})");
  EXPECT_EQ(page(2, 2, 3),
            R"({"content":[2],"totalElements":3,"totalPages":2,"size":2,"number":2,)"
            R"("first":false,"last":true,"numberOfElements":1,"empty":false,"sort":null})");
  EXPECT_EQ(page(3, 2, 3),
            R"({"content":[],"totalElements":3,"totalPages":2,"size":2,"number":3,)"
            R"("first":false,"last":true,"numberOfElements":0,"empty":true,"sort":null})");
  EXPECT_EQ(page(1, 10, 0),
            R"({"content":[],"totalElements":0,"totalPages":0,"size":10,"number":1,)"
            R"("first":true,"last":true,"numberOfElements":0,"empty":true,"sort":null})");
  EXPECT_EQ(page(std::numeric_limits<std::int64_t>::max(), 1'000, 3).find("\"content\":[]"), 1U);
  EXPECT_EQ(NumberOf("91440300MA5DA1234X"), NumberOf("91440300MA5DA1234X"));
  EXPECT_LT(NumberOf("a"), std::int64_t{1} << 48);
}

}  // namespace
}  // namespace idnode::frontend::http::snms
