#include "node/service/request_row.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "node/base/varint.h"

namespace idnode::service {
namespace {

// The numbers that stored answers hold. A line that has to change here breaks stores.
TEST(RequestRowTest, ReasonsKeepTheirNumbers) {
  const std::pair<Errc, int> numbers[] = {
      {Errc::kOk, 0},
      {Errc::kInvalidRequest, 1},
      {Errc::kInvalidIdentifier, 2},
      {Errc::kInvalidValue, 3},
      {Errc::kBatchTooLarge, 4},
      {Errc::kPayloadTooLarge, 5},
      {Errc::kHeaderTooLarge, 6},
      {Errc::kInvalidPageToken, 7},
      {Errc::kRequestIdReused, 8},
      {Errc::kMethodNotAllowed, 9},
      {Errc::kUnsupportedMedia, 10},
      {Errc::kNotAcceptable, 11},
      {Errc::kIdentifierNotFound, 12},
      {Errc::kValueNotFound, 13},
      {Errc::kIdentifierExists, 14},
      {Errc::kIdentifierFrozen, 15},
      {Errc::kIdentifierRevoked, 16},
      {Errc::kPreconditionFailed, 17},
      {Errc::kNotResponsible, 18},
      {Errc::kPrefixNotAdmitted, 19},
      {Errc::kNotFound, 20},
      {Errc::kAlreadyExists, 21},
      {Errc::kUnauthenticated, 22},
      {Errc::kPermissionDenied, 23},
      {Errc::kOverloaded, 24},
      {Errc::kDeadlineExceeded, 25},
      {Errc::kUndetermined, 26},
      {Errc::kStorageFull, 27},
      {Errc::kUnavailable, 28},
      {Errc::kClockUntrusted, 29},
      {Errc::kShuttingDown, 30},
      {Errc::kConflict, 31},
      {Errc::kCorruption, 32},
      {Errc::kFormatTooNew, 33},
      {Errc::kDataDirectoryInUse, 34},
      {Errc::kUnimplemented, 35},
      {Errc::kInternal, 36},
  };
  for (const auto& [code, number] : numbers) {
    EXPECT_EQ(static_cast<int>(code), number) << ErrcName(code);
    RequestRow row;
    row.outcomes = {{Outcome::kRejected, code}};
    const std::string bytes = EncodeRequestRow(row);
    EXPECT_EQ(static_cast<unsigned char>(bytes.back()), number);
    const auto decoded = DecodeRequestRow(bytes);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(decoded->outcomes, row.outcomes);
  }
}

// A row of so many items with one outcome.
std::string RowOf(std::uint64_t items) {
  RequestRow row;
  std::string bytes = EncodeRequestRow(row);
  AppendVarint(items, bytes);
  bytes += static_cast<char>(Outcome::kRegistered);
  bytes += static_cast<char>(Errc::kOk);
  return bytes;
}

TEST(RequestRowTest, TheLimitIsTheFormatsOwn) {
  const auto most = DecodeRequestRow(RowOf(kRequestRowItemsMax));
  ASSERT_TRUE(most.ok());
  EXPECT_EQ(most->outcomes.size(), kRequestRowItemsMax);
  EXPECT_EQ(DecodeRequestRow(RowOf(kRequestRowItemsMax + 1)).code(), Errc::kCorruption);
  EXPECT_EQ(DecodeRequestRow(RowOf(UINT64_MAX)).code(), Errc::kCorruption);
}

TEST(RequestRowTest, UnknownNumbersAreDamage) {
  RequestRow row;
  row.outcomes = {{Outcome::kRejected, Errc::kInvalidValue}};
  std::string bytes = EncodeRequestRow(row);
  bytes.back() = static_cast<char>(250);
  EXPECT_EQ(DecodeRequestRow(bytes).code(), Errc::kCorruption);
}

}  // namespace
}  // namespace idnode::service
