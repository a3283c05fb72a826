#include "node/cli/row_mapper.h"

#include <cerrno>
#include <charconv>
#include <utility>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <google/protobuf/util/json_util.h>
#include <iconv.h>

#include "idnode/v1/common.pb.h"
#include "node/base/text.h"
#include "node/base/varint.h"

namespace idnode::cli {
namespace {

Error BadRow(std::string detail, std::string field = {}) {
  return Error(Errc::kInvalidValue, std::move(detail), std::move(field));
}

Result<std::size_t> ColumnAt(const std::vector<std::string_view>& header,
                             const std::string& column) {
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (header[i] != column) continue;
    if (found) {
      return Error(Errc::kInvalidRequest, "the file has two columns named " + column, column);
    }
    found = i;
  }
  if (found) return *found;
  std::string names;
  for (const std::string_view name : header) {
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  return Error(Errc::kInvalidRequest,
               "the file has no column " + column + "; it has: " + names.substr(0, 1000), column);
}

/// A JSON scalar as the text of a cell. Errors: kInvalidValue for arrays and objects.
Result<std::string> CellOf(const boost::json::value& value, const std::string& key) {
  switch (value.kind()) {
    case boost::json::kind::null:
      return std::string();
    case boost::json::kind::string:
      return std::string(value.get_string());
    case boost::json::kind::array:
    case boost::json::kind::object:
      return BadRow("\"" + key + "\" is neither text nor a number", key);
    default:
      return boost::json::serialize(value);
  }
}

}  // namespace

Result<Encoding> ParseEncoding(std::string_view name) {
  std::string folded;
  AppendAsciiFolded(folded, name);
  if (folded == "utf-8" || folded == "utf8") return Encoding::kUtf8;
  // GB 18030 contains GBK and GB 2312.
  if (folded == "gb18030" || folded == "gbk" || folded == "gb2312") return Encoding::kGb18030;
  return Error(Errc::kInvalidRequest,
               "--encoding must be utf-8 or gb18030, not " + std::string(name), "encoding");
}

Result<std::pair<std::string, std::string>> ParseColumnPair(std::string_view text,
                                                            std::string_view option) {
  const std::size_t equals = text.find('=');
  const std::string_view column = text.substr(0, equals);
  const std::string_view name = equals == std::string_view::npos ? column : text.substr(equals + 1);
  if (column.empty() || name.empty()) {
    return Error(Errc::kInvalidRequest,
                 std::string(option) + " must be COLUMN=NAME, not " + std::string(text),
                 std::string(option.substr(option.find_first_not_of('-'))));
  }
  return std::pair(std::string(column), std::string(name));
}

std::string Mapping::Digest() const {
  std::string bytes;
  for (const std::string_view part :
       {std::string_view("idnode import mapping 1"), std::string_view(prefix),
        std::string_view(suffix_column), std::string_view(object_class),
        std::string_view(template_ref)}) {
    AppendSized(part, bytes);
  }
  for (const auto* pairs : {&values, &attributes}) {
    AppendVarint(pairs->size(), bytes);
    for (const auto& [column, name] : *pairs) {
      AppendSized(column, bytes);
      AppendSized(name, bytes);
    }
  }
  bytes += static_cast<char>(encoding);
  bytes += delimiter;
  bytes += static_cast<char>(format);
  const idnode::Digest digest = Sha256(bytes);
  return Hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

Result<std::unique_ptr<RowMapper>> RowMapper::Create(const Mapping& mapping,
                                                     const std::vector<std::string_view>& header) {
  std::unique_ptr<RowMapper> mapper(new RowMapper(mapping));
  if (mapping.encoding == Encoding::kGb18030) {
    const iconv_t converter = ::iconv_open("UTF-8", "GB18030");
    if (converter == reinterpret_cast<iconv_t>(-1)) {
      return Error(Errc::kInvalidRequest, "this system cannot convert from gb18030", "encoding");
    }
    mapper->converter_ = converter;
  }
  if (mapping.format != InputFormat::kCsv) return mapper;
  // Options name columns in UTF-8; a header in another encoding is read into it first.
  std::vector<std::string> names;
  for (const std::string_view name : header) {
    auto decoded = mapper->Decode(name, "header");
    if (!decoded.ok()) return Error(Errc::kInvalidRequest, decoded.error().detail);
    names.push_back(*std::move(decoded));
  }
  const std::vector<std::string_view> columns(names.begin(), names.end());
  mapper->columns_ = columns.size();
  auto suffix = ColumnAt(columns, mapping.suffix_column);
  if (!suffix.ok()) return suffix.error();
  mapper->suffix_at_ = *suffix;
  for (const auto& [column, name] : mapping.values) {
    auto at = ColumnAt(columns, column);
    if (!at.ok()) return at.error();
    mapper->values_at_.push_back(*at);
  }
  for (const auto& [column, name] : mapping.attributes) {
    auto at = ColumnAt(columns, column);
    if (!at.ok()) return at.error();
    mapper->attributes_at_.push_back(*at);
  }
  return mapper;
}

RowMapper::~RowMapper() {
  if (converter_ != nullptr) ::iconv_close(converter_);
}

Result<std::string> RowMapper::Decode(std::string_view cell, std::string_view column) {
  if (converter_ == nullptr) {
    if (!IsUtf8(cell)) {
      return BadRow("column " + std::string(column) +
                        " is not UTF-8; is the file in another encoding (--encoding gb18030)?",
                    std::string(column));
    }
    return std::string(cell);
  }
  // A GB 18030 character takes at most 4 bytes of UTF-8 for its 1 to 4, or 3 for 2.
  std::string out(cell.size() * 2 + 4, '\0');
  char* from = const_cast<char*>(cell.data());  // iconv's signature; the bytes are not written
  std::size_t from_left = cell.size();
  char* to = out.data();
  std::size_t to_left = out.size();
  ::iconv(converter_, nullptr, nullptr, nullptr, nullptr);
  if (::iconv(converter_, &from, &from_left, &to, &to_left) == static_cast<std::size_t>(-1)) {
    return BadRow("column " + std::string(column) + " is not GB 18030", std::string(column));
  }
  out.resize(out.size() - to_left);
  return out;
}

Result<void> RowMapper::Map(const InputRecord& record, v1::RegisterItem& item) {
  return mapping_.format == InputFormat::kCsv ? MapCsv(record, item) : MapJson(record, item);
}

Result<void> RowMapper::SetIdentifier(std::string_view suffix, v1::RegisterItem& item) const {
  if (suffix.empty()) {
    return Error(Errc::kInvalidIdentifier, "the row has no " + mapping_.suffix_column,
                 mapping_.suffix_column);
  }
  std::string& identifier = *item.mutable_identifier();
  identifier.reserve(mapping_.prefix.size() + 1 + suffix.size());
  if (!mapping_.prefix.empty()) identifier.append(mapping_.prefix).append("/");
  identifier.append(suffix);
  if (!mapping_.object_class.empty()) item.set_object_class(mapping_.object_class);
  if (!mapping_.template_ref.empty()) item.set_template_(mapping_.template_ref);
  return {};
}

void RowMapper::AddValue(std::size_t number, std::string&& data, v1::RegisterItem& item) const {
  if (data.empty()) return;
  v1::Value& value = *item.add_values();
  value.set_index(static_cast<std::uint32_t>(number + 1));
  value.set_type(mapping_.values[number].second);
  value.set_data(std::move(data));
}

void RowMapper::AddAttribute(const std::string& key, std::string&& data,
                             v1::RegisterItem& item) const {
  if (data.empty()) return;
  (*item.mutable_attributes()->mutable_fields())[key].set_string_value(std::move(data));
}

Result<void> RowMapper::MapCsv(const InputRecord& record, v1::RegisterItem& item) {
  const std::vector<std::string_view>& fields = *record.fields;
  if (record.malformed) return BadRow("text follows a closing quote");
  if (fields.size() != columns_) {
    return BadRow("the row has " + std::to_string(fields.size()) + " columns, the header " +
                  std::to_string(columns_));
  }
  auto suffix = Decode(fields[suffix_at_], mapping_.suffix_column);
  if (!suffix.ok()) return suffix.error();
  IDNODE_RETURN_IF_ERROR(SetIdentifier(*suffix, item));
  for (std::size_t i = 0; i < values_at_.size(); ++i) {
    auto data = Decode(fields[values_at_[i]], mapping_.values[i].first);
    if (!data.ok()) return data.error();
    AddValue(i, *std::move(data), item);
  }
  for (std::size_t i = 0; i < attributes_at_.size(); ++i) {
    auto data = Decode(fields[attributes_at_[i]], mapping_.attributes[i].first);
    if (!data.ok()) return data.error();
    AddAttribute(mapping_.attributes[i].second, *std::move(data), item);
  }
  return {};
}

Result<void> RowMapper::MapJson(const InputRecord& record, v1::RegisterItem& item) {
  auto line = Decode(record.raw, "line");
  if (!line.ok()) return line.error();
  if (mapping_.suffix_column.empty()) return MapWholeJson(*line, item);
  boost::system::error_code error;
  const boost::json::value row = boost::json::parse(*line, error);
  if (error || !row.is_object()) return BadRow("the line is not a JSON object");
  const boost::json::object& object = row.get_object();
  const auto cell = [&object](const std::string& key) -> Result<std::string> {
    const boost::json::value* value = object.if_contains(key);
    return value == nullptr ? std::string() : CellOf(*value, key);
  };
  auto suffix = cell(mapping_.suffix_column);
  if (!suffix.ok()) return suffix.error();
  IDNODE_RETURN_IF_ERROR(SetIdentifier(*suffix, item));
  for (std::size_t i = 0; i < mapping_.values.size(); ++i) {
    auto data = cell(mapping_.values[i].first);
    if (!data.ok()) return data.error();
    AddValue(i, *std::move(data), item);
  }
  for (const auto& [column, key] : mapping_.attributes) {
    auto data = cell(column);
    if (!data.ok()) return data.error();
    AddAttribute(key, *std::move(data), item);
  }
  return {};
}

Result<void> RowMapper::MapWholeJson(std::string_view line, v1::RegisterItem& item) {
  // A Record has every field of an item, so what `idnode export` wrote can be read back; what the
  // node sets itself (times, revision) is left out. Unknown fields are refused: a misspelled one
  // must not silently be missing from what is registered.
  v1::Record record;
  const auto status = google::protobuf::util::JsonStringToMessage(
      google::protobuf::StringPiece(line.data(), line.size()), &record);
  if (!status.ok()) return BadRow(status.ToString());
  if (record.identifier().empty()) {
    return Error(Errc::kInvalidIdentifier, "the line has no identifier", "identifier");
  }
  item.set_identifier(mapping_.prefix.empty() ? record.identifier()
                                              : mapping_.prefix + "/" + record.identifier());
  item.set_object_class(record.object_class().empty() ? mapping_.object_class
                                                      : record.object_class());
  item.set_template_(record.template_().empty() ? mapping_.template_ref : record.template_());
  if (record.has_attributes()) *item.mutable_attributes() = std::move(*record.mutable_attributes());
  for (v1::Value& value : *record.mutable_values()) {
    value.clear_timestamp();
    *item.add_values() = std::move(value);
  }
  return {};
}

}  // namespace idnode::cli
