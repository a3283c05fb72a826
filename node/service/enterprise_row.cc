#include "node/service/enterprise_row.h"

#include <algorithm>
#include <utility>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "node/base/text.h"
#include "node/base/varint.h"
#include "node/model/codes.h"
#include "storage/space.h"

namespace idnode::service {
namespace {

constexpr char kRowFormat = 1;
// Of the credit code: the division of the registering authority.
constexpr std::size_t kRegionAt = 2;
constexpr std::size_t kRegionChars = 6;
constexpr std::size_t kPhoneShown = 4;

Error Invalid(std::string detail, std::string field) {
  return Error(Errc::kInvalidRequest, std::move(detail), std::move(field));
}

Result<void> CheckText(std::string_view text, std::size_t bytes_max, const std::string& field) {
  if (text.size() > bytes_max) {
    return Invalid("it has " + std::to_string(text.size()) + " bytes; at most " +
                       std::to_string(bytes_max) + " are allowed",
                   field);
  }
  if (!IsUtf8(text)) return Invalid("it is not UTF-8", field);
  const bool control = std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  if (control) return Invalid("it has control characters", field);
  return {};
}

Result<void> CheckPhone(std::string_view phone, const std::string& field) {
  if (phone.empty()) return {};
  IDNODE_RETURN_IF_ERROR(CheckText(phone, kContactPhoneBytesMax, field));
  bool digit = false;
  for (const char c : phone) {
    const bool is_digit = c >= '0' && c <= '9';
    digit = digit || is_digit;
    if (!is_digit && c != '+' && c != '-' && c != ' ') {
      return Invalid("a phone number has digits, \"+\", \"-\" and blanks only", field);
    }
  }
  if (!digit) return Invalid("a phone number has digits", field);
  return {};
}

Result<void> CheckEmail(std::string_view email, const std::string& field) {
  if (email.empty()) return {};
  IDNODE_RETURN_IF_ERROR(CheckText(email, kContactEmailBytesMax, field));
  const auto at = email.find('@');
  if (at == 0 || at == std::string_view::npos || at + 1 == email.size() ||
      email.find('@', at + 1) != std::string_view::npos ||
      email.find(' ') != std::string_view::npos) {
    return Invalid("an email address is a name, one \"@\" and a domain", field);
  }
  return {};
}

Result<void> CheckContact(const ContactInfo& contact, const std::string& field) {
  IDNODE_RETURN_IF_ERROR(CheckText(contact.name, kContactNameBytesMax, field + ".name"));
  IDNODE_RETURN_IF_ERROR(CheckPhone(contact.phone, field + ".phone"));
  return CheckEmail(contact.email, field + ".email");
}

// A code in its normal form, or the error with its field.
Result<void> Normalize(Result<std::string> checked, const char* field, std::string& code) {
  if (!checked.ok()) return Invalid(checked.error().detail, field);
  code = std::move(*checked);
  return {};
}

void AppendContact(const ContactInfo& contact, std::string& bytes) {
  for (const auto* text : {&contact.name, &contact.phone, &contact.email}) {
    AppendSized(*text, bytes);
  }
}

bool TakeText(std::string_view& bytes, std::string& text) {
  std::string_view view;
  if (!TakeSized(bytes, view)) return false;
  text = view;
  return true;
}

bool TakeContact(std::string_view& bytes, ContactInfo& contact) {
  return TakeText(bytes, contact.name) && TakeText(bytes, contact.phone) &&
         TakeText(bytes, contact.email);
}

template <typename Number>
bool TakeNumber(std::string_view& bytes, Number& number) {
  std::uint64_t wide = 0;
  if (!TakeVarint(bytes, wide)) return false;
  number = static_cast<Number>(wide);
  return true;
}

// The first character stays.
std::string MaskedStart(std::string_view text, std::string_view mask) {
  if (text.empty()) return {};
  std::size_t end = 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) ++end;
  return std::string(text.substr(0, end)).append(mask);
}

std::string MaskedPhone(std::string_view phone) {
  if (phone.empty()) return {};
  const bool longer = phone.size() >= 2 * kPhoneShown;
  return "****" + std::string(longer ? phone.substr(phone.size() - kPhoneShown) : "");
}

std::string MaskedEmail(std::string_view email) {
  if (email.empty()) return {};
  const auto at = email.find('@');
  return MaskedStart(email, "***") +
         std::string(at == std::string_view::npos ? "" : email.substr(at));
}

boost::json::object MaskedContact(const ContactInfo& contact) {
  return {{"name", MaskedStart(contact.name, "**")},
          {"phone", MaskedPhone(contact.phone)},
          {"email", MaskedEmail(contact.email)}};
}

}  // namespace

Result<void> NormalizeEnterprise(EnterpriseInfo& enterprise) {
  IDNODE_RETURN_IF_ERROR(
      Normalize(CheckCreditCode(enterprise.credit_code), "creditCode", enterprise.credit_code));
  if (enterprise.name.empty()) return Invalid("give the enterprise's name", "name");
  IDNODE_RETURN_IF_ERROR(CheckText(enterprise.name, kEnterpriseNameBytesMax, "name"));
  IDNODE_RETURN_IF_ERROR(
      Normalize(CheckIndustry(enterprise.industry), "industry", enterprise.industry));
  if (enterprise.region.empty()) {
    // Some authorities, those of the state, register under a number that is no region.
    auto region = CheckRegion(enterprise.credit_code.substr(kRegionAt, kRegionChars));
    if (region.ok()) enterprise.region = std::move(*region);
  } else {
    IDNODE_RETURN_IF_ERROR(Normalize(CheckRegion(enterprise.region), "region", enterprise.region));
  }
  IDNODE_RETURN_IF_ERROR(CheckText(enterprise.address, kEnterpriseAddressBytesMax, "address"));
  IDNODE_RETURN_IF_ERROR(CheckContact(enterprise.contact, "contact"));
  IDNODE_RETURN_IF_ERROR(CheckContact(enterprise.legal_person, "legalPerson"));
  if (enterprise.nature > kEnterpriseNatureMax) {
    return Invalid("the nature of an organisation is 1 to 5, or 0 where it is not known", "nature");
  }
  return {};
}

std::string EnterpriseKey(std::string_view credit_code) {
  return static_cast<char>(storage::Space::kEnterprise) + std::string(credit_code);
}

std::string EncodeEnterprise(const EnterpriseInfo& enterprise) {
  std::string bytes(1, kRowFormat);
  for (const auto* text :
       {&enterprise.name, &enterprise.industry, &enterprise.region, &enterprise.address}) {
    AppendSized(*text, bytes);
  }
  AppendContact(enterprise.contact, bytes);
  AppendContact(enterprise.legal_person, bytes);
  AppendVarint(enterprise.nature, bytes);
  AppendVarint(static_cast<std::uint64_t>(enterprise.created_ms), bytes);
  AppendVarint(static_cast<std::uint64_t>(enterprise.updated_ms), bytes);
  AppendVarint(enterprise.revision, bytes);
  return bytes;
}

Result<EnterpriseInfo> DecodeEnterprise(std::string_view credit_code, std::string_view bytes) {
  EnterpriseInfo enterprise;
  enterprise.credit_code = credit_code;
  const bool whole =
      !bytes.empty() && bytes.front() == kRowFormat && (bytes.remove_prefix(1), true) &&
      TakeText(bytes, enterprise.name) && TakeText(bytes, enterprise.industry) &&
      TakeText(bytes, enterprise.region) && TakeText(bytes, enterprise.address) &&
      TakeContact(bytes, enterprise.contact) && TakeContact(bytes, enterprise.legal_person) &&
      TakeNumber(bytes, enterprise.nature) && TakeNumber(bytes, enterprise.created_ms) &&
      TakeNumber(bytes, enterprise.updated_ms) && TakeNumber(bytes, enterprise.revision) &&
      bytes.empty();
  if (!whole) {
    return Error(Errc::kCorruption,
                 "the row of enterprise " + std::string(credit_code) + " is damaged");
  }
  return enterprise;
}

std::string EnterpriseForAudit(const EnterpriseInfo& enterprise) {
  const boost::json::object json = {{"creditCode", enterprise.credit_code},
                                    {"name", enterprise.name},
                                    {"industry", enterprise.industry},
                                    {"region", enterprise.region},
                                    {"address", enterprise.address},
                                    {"contact", MaskedContact(enterprise.contact)},
                                    {"legalPerson", MaskedContact(enterprise.legal_person)},
                                    {"nature", enterprise.nature},
                                    {"revision", enterprise.revision}};
  return boost::json::serialize(json);
}

}  // namespace idnode::service
