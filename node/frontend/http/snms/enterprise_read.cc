// Lists of enterprises, and one of them. What the API knows and the node does not keep is null.
#include <algorithm>
#include <utility>

#include "node/frontend/http/snms/listing.h"

namespace idnode::frontend::http::snms {
namespace {

constexpr std::string_view kCreditCodeType = "1";
// GB/T 4754: "C1952" is section C, division 19.
constexpr std::size_t kDivisionEnd = 3;
// GB/T 2260: a province has two digits, a city four.
constexpr std::size_t kProvinceDigits = 2;
constexpr std::size_t kCityDigits = 4;
constexpr std::size_t kRegionDigits = 6;

void AppendRow(const service::EnterpriseInfo& info, std::string& out) {
  ObjectJson object(out);
  object.Number("id", NumberOf(info.credit_code))
      .Text("orgName", info.name)
      .TextOrNull("orgNature", info.nature == 0 ? "" : std::to_string(info.nature))
      .Text("orgCrtType", kCreditCodeType)
      .Text("orgCrtCode", info.credit_code)
      .Null("orgDesc")
      .Null("website")
      .Null("entGeneralId");
  object.Json("openIds").append("[]");
  object.Text("createDate", BeijingTime(info.created_ms))
      .Text("updateDate", BeijingTime(info.updated_ms));
  object.End();
}

std::string RegionOf(const std::string& region, std::size_t digits) {
  if (region.size() != kRegionDigits) return {};
  return region.substr(0, digits) + std::string(kRegionDigits - digits, '0');
}

void AppendBasic(const service::EnterpriseInfo& info, const std::string& prefix, std::string& out) {
  const std::string& industry = info.industry;
  const bool has_division = industry.size() >= kDivisionEnd;
  const std::string county = RegionOf(info.region, kRegionDigits);
  ObjectJson object(out);
  object.Text("orgName", info.name)
      .TextOrNull("orgNature", info.nature == 0 ? "" : std::to_string(info.nature))
      .Text("orgCrtType", kCreditCodeType)
      .Text("orgCrtCode", info.credit_code)
      .Null("orgCrtImgRid")
      .TextOrNull("industryCategory", std::string_view(industry).substr(0, 1))
      .TextOrNull("industrySpecific",
                  has_division ? std::string_view(industry).substr(1, kDivisionEnd - 1) : "")
      .TextOrNull("orgAddrProvince", RegionOf(info.region, kProvinceDigits))
      .TextOrNull("orgAddrCity", RegionOf(info.region, kCityDigits))
      .TextOrNull("orgAddrCounty",
                  county == RegionOf(info.region, kCityDigits) ? std::string_view() : county)
      .TextOrNull("orgAddr", info.address)
      .Null("website")
      .Null("orgDesc")
      .Null("regAuthority")
      .Null("regCapital")
      .Null("establishDate")
      .Null("periodValidity")
      .TextOrNull("contactName", info.contact.name)
      .TextOrNull("contactPhone", info.contact.phone)
      .TextOrNull("contactEmail", info.contact.email)
      .Null("contactCrtType")
      .Null("contactCrtNo")
      .TextOrNull("legalName", info.legal_person.name)
      .Null("legalCrtType")
      .Null("legalCrtNo")
      .TextOrNull("legalPhone", info.legal_person.phone)
      .TextOrNull("legalEmail", info.legal_person.email)
      .Null("legalFax")
      .TextOrNull("entPrefix", prefix);
  object.End();
}

// The enterprise a detail is asked for: by number, by credit code, or the caller's own.
Result<service::EnterpriseInfo> Wanted(const Context& context, const Call& call) {
  const service::EnterpriseRegistry& enterprises = context.services.admin.enterprises;
  const std::string id = call.Parameter("id");
  std::string code = id.empty() ? call.Parameter("orgCrtCode") : id;
  if (code.empty()) code = call.caller->enterprise;
  if (code.empty()) return Missing("id");
  if (const auto found = enterprises.Get(call.actor(), code);
      found.ok() || found.code() != Errc::kNotFound) {
    return found;
  }
  const auto all = AllEnterprises(context, call, {});
  if (!all.ok()) return all.error();
  for (const service::EnterpriseInfo& info : *all) {
    if (std::to_string(NumberOf(info.credit_code)) == code) return info;
  }
  return Refusal("企业不存在", Errc::kNotFound);
}

}  // namespace

Result<Reply> PageEnterprises(const Context& context, const Call& call) {
  const auto paging = ReadPaging(call);
  if (!paging.ok()) return paging.error();
  const auto dates = ReadDates(call);
  if (!dates.ok()) return dates.error();
  auto all = AllEnterprises(context, call, call.Parameter("orgName"));
  if (!all.ok()) return all.error();
  std::erase_if(*all, [&](const auto& info) { return !dates->Has(info.created_ms); });
  // Newest first; those of one instant in the order of their codes, so that pages fit together.
  std::sort(all->begin(), all->end(), [](const auto& a, const auto& b) {
    return a.created_ms != b.created_ms ? a.created_ms > b.created_ms
                                        : a.credit_code < b.credit_code;
  });
  return Reply::Success(PageJson(
      *paging, all->size(), [&](std::size_t i, std::string& out) { AppendRow((*all)[i], out); }));
}

Result<Reply> EnterpriseDetail(const Context& context, const Call& call) {
  const auto info = Wanted(context, call);
  if (!info.ok()) return info.error();
  const auto prefixes = AllPrefixes(context, call, info->credit_code);
  if (!prefixes.ok()) return prefixes.error();
  std::string data;
  ObjectJson object(data);
  AppendBasic(*info, prefixes->empty() ? std::string() : prefixes->front().prefix,
              object.Json("entBasicInfo"));
  object.Null("entRegisterManageInfo").Null("entHostingAndIdentifyServeInfo");
  object.End();
  return Reply::Success(std::move(data));
}

}  // namespace idnode::frontend::http::snms
