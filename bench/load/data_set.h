#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace idnode::bench {

/// How the suffixes of a data set follow each other.
enum class Order : std::uint8_t { kSequential, kRandom };
std::string_view OrderName(Order order);

/// What a row holds beside its value.
enum class RowContent : std::uint8_t {
  kPlain,       ///< nothing
  kAttributes,  ///< `kAttributesOfRow` attributes
  kTemplate,    ///< the same, of the template `kTemplateName`
};
inline constexpr int kAttributesOfRow = 10;
inline constexpr std::string_view kTemplateName = "bench";
/// Name of an attribute by its number: "item-0".
std::string AttributeName(int number);

/// Which rows a run registers. A plain row is a registration of exactly `kOwnBytes` bytes; the same
/// data set and number always give the same row, so nothing needs to be kept.
struct DataSet {
  Order order = Order::kSequential;
  std::uint32_t prefixes = 16;            ///< 1 to `kPrefixesMax` enterprise prefixes
  std::uint64_t rows_per_prefix = 1'000;  ///< so many rows, then the next prefix
  std::uint32_t run = 0;                  ///< 0 to 9999: keeps the runs of one node apart
  RowContent content = RowContent::kPlain;
};

inline constexpr std::uint32_t kPrefixesMax = 8'999;
inline constexpr std::size_t kSuffixBytes = 16;
inline constexpr std::size_t kIdentifierBytes = 11 + 1 + kSuffixBytes;
/// What the enterprise sends of its own: identifier, object class, value type and value.
inline constexpr std::size_t kOwnBytes = 100;

/// Writes rows of one data set into templates that were built once: a row costs its copy and three
/// patches. Not thread-safe; one a thread.
class RowWriter {
 public:
  explicit RowWriter(const DataSet& data);

  /// "88.108.1001/0000000000000042": valid until the next call.
  std::string_view Identifier(std::uint64_t row);
  /// Appends the wire bytes of one `items` field of idnode.v1.BatchRegisterRequest.
  void AppendItem(std::uint64_t row, std::string& out);
  /// Key and value that a plain row has at rest: the record key and the encoded record. Valid until
  /// the next call.
  void StoredRow(std::uint64_t row, std::string_view& key, std::string_view& value);

 private:
  /// Bytes with the places that differ from row to row.
  struct Template {
    std::string bytes;
    std::size_t identifier_at = std::string::npos;  ///< npos: it has none
    std::size_t data_at = std::string::npos;        ///< likewise
  };

  void Patch(std::uint64_t row, char* identifier, char* data) const;
  void PatchTemplate(std::uint64_t row, Template& made) const;

  const DataSet data_;
  Template identifier_;
  Template item_;
  Template key_;
  Template value_;
};

}  // namespace idnode::bench
