#include "node/cli/import_state.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "node/cli/rejects_file.h"
#include "tests/node/cli/test_files.h"

namespace idnode::cli {
namespace {

using testing::HasSubstr;

ImportState SomeState() {
  ImportState state;
  state.input_bytes = 5;
  state.input_sha256 = "ab";
  state.mapping_digest = "cd";
  state.batch_rows = 1000;
  state.run = "ef";
  state.next_batch = 7;
  state.offset = 4'000'000'000;
  state.line = 8;
  state.counts = {21, 1, 2, 3, 4, 5};
  state.rejects_bytes = 9;
  return state;
}

TEST(ImportStateTest, SurvivesItsFile) {
  const TestFolder folder;
  const std::string path = ImportStatePath(folder.Path("goods.csv"));
  EXPECT_EQ(path, folder.Path("goods.csv.idnode-import.json"));
  ASSERT_TRUE(LoadImportState(path).ok());
  EXPECT_FALSE(LoadImportState(path)->has_value());
  ASSERT_TRUE(SaveImportState(path, SomeState()).ok());
  const auto loaded = LoadImportState(path);
  ASSERT_TRUE(loaded.ok());
  ASSERT_TRUE(loaded->has_value());
  EXPECT_EQ(EncodeImportState(**loaded), EncodeImportState(SomeState()));
  EXPECT_EQ((*loaded)->offset, 4'000'000'000U);
  EXPECT_EQ((*loaded)->counts.rejected, 5);
  EXPECT_FALSE(folder.Has("goods.csv.idnode-import.json.tmp"));
}

TEST(ImportStateTest, DamagedFilesAreRefusedByWhatIsWrong) {
  EXPECT_EQ(DecodeImportState("nonsense").code(), Errc::kInvalidRequest);
  EXPECT_THAT(DecodeImportState("{}").error().detail, HasSubstr("\"version\""));
  std::string text = EncodeImportState(SomeState());
  const std::size_t at = text.find("\"offset\":4");
  EXPECT_THAT(DecodeImportState(std::string(text).replace(at + 9, 1, "-4")).error().detail,
              HasSubstr("\"offset\""));
  EXPECT_THAT(DecodeImportState(R"({"version":2})").error().detail, HasSubstr("version 2"));
}

TEST(ImportStateTest, RequestIdsDependOnInputMappingRunAndBatch) {
  const ImportState state = SomeState();
  EXPECT_EQ(state.RequestId(3), SomeState().RequestId(3));
  EXPECT_LE(state.RequestId(9'999'999'999).size(), 128U);
  EXPECT_NE(state.RequestId(3), state.RequestId(4));
  for (const auto change :
       {&ImportState::input_sha256, &ImportState::mapping_digest, &ImportState::run}) {
    ImportState other = SomeState();
    other.*change = "other";
    EXPECT_NE(other.RequestId(3), state.RequestId(3));
  }
}

TEST(ImportStateTest, FileIdentityIsSizeAndSha256) {
  const TestFolder folder;
  const auto identity = IdentifyFile(folder.Write("a", "abc"));  // FIPS 180-4 example
  ASSERT_TRUE(identity.ok());
  EXPECT_EQ(identity->bytes, 3);
  EXPECT_EQ(identity->sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(IdentifyFile(folder.Path("none")).code(), Errc::kInvalidRequest);
}

TEST(RejectsFileTest, ReasonsStandUnderTheirHeads) {
  const TestFolder folder;
  RejectsFile file(folder.Path("r.csv"), InputFormat::kCsv, ',', "gtin,name", 2);
  ASSERT_TRUE(file.Start(0).ok());
  EXPECT_FALSE(folder.Has("r.csv"));
  ASSERT_TRUE(
      file.Add("1,\"a,b\"", 2, {"CONFLICT", "identifier-exists", "", "other, there", 2}).ok());
  ASSERT_TRUE(file.Add("2", 1, {"REJECTED", "invalid-value", "name", "too \"short\"", 3}).ok());
  ASSERT_TRUE(file.Flush().ok());
  EXPECT_EQ(folder.Read("r.csv"),
            "gtin,name,idnode_outcome,idnode_reason,idnode_field,idnode_detail,idnode_line\n"
            "1,\"a,b\",CONFLICT,identifier-exists,,\"other, there\",2\n"
            "2,,REJECTED,invalid-value,name,\"too \"\"short\"\"\",3\n");
  EXPECT_EQ(file.bytes(), static_cast<std::int64_t>(folder.Read("r.csv").size()));
}

TEST(RejectsFileTest, GoesOnBehindWhatIsAccountedFor) {
  const TestFolder folder;
  const RejectReason reason{"CONFLICT", "identifier-exists", "", "", 2};
  std::int64_t accounted = 0;
  {
    RejectsFile file(folder.Path("r.csv"), InputFormat::kCsv, ',', "h", 1);
    ASSERT_TRUE(file.Start(0).ok());
    ASSERT_TRUE(file.Add("1", 1, reason).ok());
    accounted = file.bytes();
    ASSERT_TRUE(file.Add("2", 1, reason).ok());
    ASSERT_TRUE(file.Flush().ok());
  }
  RejectsFile file(folder.Path("r.csv"), InputFormat::kCsv, ',', "h", 1);
  ASSERT_TRUE(file.Start(accounted).ok());
  ASSERT_TRUE(file.Add("3", 1, reason).ok());
  ASSERT_TRUE(file.Flush().ok());
  EXPECT_THAT(folder.Read("r.csv"), HasSubstr("\n1,CONFLICT,identifier-exists,,,2\n3,CONFLICT"));
  EXPECT_EQ(RejectsFile(folder.Path("r.csv"), InputFormat::kCsv, ',', "h", 1).Start(1 << 20).code(),
            Errc::kUnavailable);
}

TEST(RejectsFileTest, JsonLinesHoldTheRowAsText) {
  const TestFolder folder;
  RejectsFile file(folder.Path("r.jsonl"), InputFormat::kJsonLines, ',', "", 0);
  ASSERT_TRUE(file.Start(0).ok());
  ASSERT_TRUE(file.Add("{\"broken", 0, {"REJECTED", "invalid-value", "", "no JSON", 4}).ok());
  ASSERT_TRUE(file.Flush().ok());
  EXPECT_EQ(folder.Read("r.jsonl"),
            R"({"row":"{\"broken","outcome":"REJECTED","reason":"invalid-value","field":"",)"
            R"("detail":"no JSON","line":4})"
            "\n");
}

}  // namespace
}  // namespace idnode::cli
