#include "node/frontend/http/message_fields.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <string>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/message_differencer.h>
#include <google/protobuf/util/time_util.h>

#include "node/base/text.h"

namespace idnode::frontend::http {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;

bool IsTime(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
         field.message_type() == Timestamp::descriptor();
}

Error Unusable(std::string_view field, std::string detail) {
  return Error(Errc::kInvalidRequest, std::move(detail), std::string(field));
}

template <typename Number>
Result<Number> ToNumber(std::string_view text, std::string_view field) {
  Number number = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (ec != std::errc() || end != text.data() + text.size()) {
    return Unusable(field, "give a number");
  }
  return number;
}

// The names a client may give, for its author.
std::string EnumeratorNames(const google::protobuf::EnumDescriptor& type) {
  std::string names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (!names.empty()) names += ", ";
    names += type.value(i)->name();
  }
  return names;
}

// Sets a field of its own message. `name` is the field's for errors.
Result<void> SetField(Message& message, const FieldDescriptor& field, std::string_view text,
                      std::string_view name) {
  const google::protobuf::Reflection& fields = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (!IsUtf8(text)) return Unusable(name, "the text is not UTF-8");
      fields.SetString(&message, &field, std::string(text));
      return {};
    case FieldDescriptor::CPPTYPE_UINT32: {
      const auto number = ToNumber<std::uint32_t>(text, name);
      if (!number.ok()) return number.error();
      fields.SetUInt32(&message, &field, *number);
      return {};
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      const auto number = ToNumber<std::uint64_t>(text, name);
      if (!number.ok()) return number.error();
      fields.SetUInt64(&message, &field, *number);
      return {};
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text != "true" && text != "false") return Unusable(name, "give true or false");
      fields.SetBool(&message, &field, text == "true");
      return {};
    case FieldDescriptor::CPPTYPE_ENUM: {
      const auto* value = field.enum_type()->FindValueByName(std::string(text));
      if (value == nullptr) {
        return Unusable(name, "give one of " + EnumeratorNames(*field.enum_type()));
      }
      fields.SetEnum(&message, &field, value);
      return {};
    }
    default:
      break;
  }
  IDNODE_CHECK(IsTime(field));
  Timestamp time;
  if (!google::protobuf::util::TimeUtil::FromString(std::string(text), &time)) {
    return Unusable(name, "give a time such as 2026-11-22T02:00:00Z");
  }
  fields.MutableMessage(&message, &field)->CopyFrom(time);
  return {};
}

bool IsParameter(const FieldDescriptor* field) {
  return field != nullptr && !field->is_repeated() &&
         (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || IsTime(*field));
}

}  // namespace

Result<void> SetPathField(Message& message, std::string_view path, std::string_view text) {
  Message* holder = &message;
  std::string name;  // in JSON's names
  for (;;) {
    const std::size_t period = path.find('.');
    const FieldDescriptor* field =
        holder->GetDescriptor()->FindFieldByName(std::string(path.substr(0, period)));
    IDNODE_CHECK(field != nullptr);
    name += field->json_name();
    if (period == std::string_view::npos) {
      const std::unique_ptr<Message> given(holder->New());
      const bool has_given = holder->GetReflection()->HasField(*holder, field);
      if (has_given) given->CopyFrom(*holder);
      IDNODE_RETURN_IF_ERROR(SetField(*holder, *field, text, name));
      if (has_given && !google::protobuf::util::MessageDifferencer::Equals(*given, *holder)) {
        return Unusable(name, "the path says something else; leave the field out");
      }
      return {};
    }
    holder = holder->GetReflection()->MutableMessage(holder, field);
    path.remove_prefix(period + 1);
    name += '.';
  }
}

Result<void> SetQueryFields(Message& message, const Query& query,
                            std::initializer_list<std::string_view> taken) {
  for (const auto& [name, text] : query.parameters()) {
    const FieldDescriptor* field = message.GetDescriptor()->FindFieldByCamelcaseName(name);
    if (!IsParameter(field) ||
        std::find(taken.begin(), taken.end(), field->name()) != taken.end()) {
      return Unusable(name, "there is no such parameter; see /openapi.json");
    }
    IDNODE_RETURN_IF_ERROR(SetField(message, *field, text, name));
  }
  return {};
}

}  // namespace idnode::frontend::http
