#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "idnode/v1/registration.pb.h"
#include "node/base/result.h"
#include "node/cli/record_reader.h"

namespace idnode::cli {

enum class Encoding { kUtf8, kGb18030 };

/// "utf-8" or "gb18030" (also "gbk", "gb2312"), in any case. Errors: kInvalidRequest.
Result<Encoding> ParseEncoding(std::string_view name);

/// How a row becomes an item: what `idnode import` is told by its options.
struct Mapping {
  std::string prefix;         ///< enterprise prefix; empty: rows carry whole identifiers
  std::string suffix_column;  ///< column (CSV) or key (JSON) of the suffix
  std::string object_class;
  std::string template_ref;
  std::vector<std::pair<std::string, std::string>> values;      ///< column, type
  std::vector<std::pair<std::string, std::string>> attributes;  ///< column, key
  Encoding encoding = Encoding::kUtf8;
  char delimiter = ',';
  InputFormat format = InputFormat::kCsv;

  /// What two mappings that give the same items share: SHA-256 in hexadecimal.
  std::string Digest() const;
};

/// Turns rows into items of a registration. The n-th mapped column gives the value of index n, and
/// an empty cell none, so that equal rows give equal content. Not thread-safe.
class RowMapper {
 public:
  /// `header` is the first record of a CSV file, not looked at for JSON.
  /// Errors: kInvalidRequest naming the column that is not there, or there twice.
  static Result<std::unique_ptr<RowMapper>> Create(const Mapping& mapping,
                                                   const std::vector<std::string_view>& header);
  ~RowMapper();

  /// Fills `item`. Errors: kInvalidValue or kInvalidIdentifier, saying what is wrong with the row;
  /// `item` is then to be thrown away.
  Result<void> Map(const InputRecord& record, v1::RegisterItem& item);

  std::size_t columns() const { return columns_; }  ///< of the header

 private:
  explicit RowMapper(const Mapping& mapping) : mapping_(mapping) {}
  Result<void> MapCsv(const InputRecord& record, v1::RegisterItem& item);
  Result<void> MapJson(const InputRecord& record, v1::RegisterItem& item);
  Result<void> MapWholeJson(std::string_view line, v1::RegisterItem& item);
  Result<void> SetIdentifier(std::string_view suffix, v1::RegisterItem& item) const;
  void AddValue(std::size_t number, std::string&& data, v1::RegisterItem& item) const;
  void AddAttribute(const std::string& key, std::string&& data, v1::RegisterItem& item) const;
  /// The cell in UTF-8.
  Result<std::string> Decode(std::string_view cell, std::string_view column);

  const Mapping mapping_;
  std::size_t columns_ = 0;
  std::size_t suffix_at_ = 0;
  std::vector<std::size_t> values_at_;
  std::vector<std::size_t> attributes_at_;
  void* converter_ = nullptr;  ///< iconv_t; null where the input is UTF-8
};

/// Splits "column=name"; a lone "column" is its own name. Errors: kInvalidRequest.
Result<std::pair<std::string, std::string>> ParseColumnPair(std::string_view text,
                                                            std::string_view option);

}  // namespace idnode::cli
