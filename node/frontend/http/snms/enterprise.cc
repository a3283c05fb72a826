// Admitting enterprises: ent/apply makes the enterprise, its administrator and a prefix that awaits
// audit (待审核); ent/upgrade-apply changes the first and asks for a further prefix.
#include <algorithm>
#include <utility>

#include "node/frontend/http/snms/call.h"
#include "node/model/codes.h"
#include "node/model/identifier.h"

namespace idnode::frontend::http::snms {
namespace {

constexpr std::string_view kFileIdEnd = "Rid";
constexpr std::string_view kCreditCodeType = "1";  // 统一社会信用代码
constexpr std::size_t kUserNameCharactersMax = 50;
constexpr std::size_t kPasswordHashCharacters = 64;

// What a request says of an enterprise.
struct Application {
  service::EnterpriseInfo enterprise;
  std::string prefix;  ///< folded; empty: none is asked for
  std::string user;
  std::string password_sha256;
  std::vector<std::int64_t> files;
};

// What the services call a field, in the words of this API.
Error InItsWords(const Error& error) {
  if (error.code != Errc::kInvalidRequest && error.code != Errc::kInvalidIdentifier) return error;
  struct Word {
    std::string_view field;
    std::string_view words;
  };
  constexpr Word kWords[] = {{"creditCode", "单位证件号（统一社会信用代码）无效"},
                             {"industry", "行业代码无效"},
                             {"region", "单位地址行政区划代码无效"},
                             {"name", "名称无效"},
                             {"address", "单位地址无效"},
                             {"nature", "单位性质无效"},
                             {"contact", "联系人信息无效"},
                             {"legalPerson", "法定代表人信息无效"},
                             {"password", "密码应为SHA-256的64位十六进制"},
                             {"prefix", "企业前缀无效"}};
  for (const Word& word : kWords) {
    if (error.field.compare(0, word.field.size(), word.field) != 0) continue;
    return {error.code, std::string(word.words).append("：").append(error.detail), error.field};
  }
  return error;
}

// One text of the body into a field; where `required` is false an absent one leaves it as it is.
struct TextField {
  std::string_view key;
  std::string* into;
  bool required;
  std::size_t characters_max;
};

Result<void> ReadTexts(const json::object& object, std::string_view path,
                       std::initializer_list<TextField> fields) {
  for (const TextField& field : fields) {
    const std::string name = std::string(path).append(".").append(field.key);
    auto text = OptionalText(object, field.key, name, field.characters_max);
    if (!text.ok()) return text.error();
    if (!*text && field.required) return Missing(name);
    if (*text) *field.into = **std::move(text);
  }
  return {};
}

// The category and the division under it: "C", "19" is C19.
Result<void> ReadIndustry(const json::object& basic, bool required, std::string& industry) {
  std::string category;
  std::string division;
  IDNODE_RETURN_IF_ERROR(ReadTexts(basic, "entBasicInfo",
                                   {{"industryCategory", &category, required, 8},
                                    {"industrySpecific", &division, required, 8}}));
  if (category.empty()) return {};
  auto checked = CheckIndustry(category + division);
  if (!checked.ok()) return InItsWords({checked.code(), checked.error().detail, "industry"});
  industry = *std::move(checked);
  return {};
}

// The most exact of county, city and province.
Result<void> ReadRegion(const json::object& basic, bool required, std::string& region) {
  std::string province;
  std::string city;
  std::string county;
  IDNODE_RETURN_IF_ERROR(ReadTexts(basic, "entBasicInfo",
                                   {{"orgAddrProvince", &province, required, 8},
                                    {"orgAddrCity", &city, required, 8},
                                    {"orgAddrCounty", &county, false, 8}}));
  const std::string& code = !county.empty() ? county : !city.empty() ? city : province;
  if (!code.empty()) region = code;
  return {};
}

Result<void> ReadNature(const json::object& basic, bool required, std::uint32_t& nature) {
  const auto number = OptionalInteger(basic, "orgNature", "entBasicInfo.orgNature");
  if (!number.ok()) return number.error();
  if (!*number) return required ? Result<void>(Missing("entBasicInfo.orgNature")) : Result<void>();
  if (**number < 1 || **number > service::kEnterpriseNatureMax) {
    return Refusal("单位性质应为1至5: entBasicInfo.orgNature");
  }
  nature = static_cast<std::uint32_t>(**number);
  return {};
}

// Whose record it is: by its credit code, the only kind of document the node knows enterprises by.
Result<std::string> ReadCreditCode(const json::object& basic) {
  const auto type = OptionalText(basic, "orgCrtType", "entBasicInfo.orgCrtType");
  if (!type.ok()) return type.error();
  if (*type && **type != kCreditCodeType) {
    return Refusal("单位证件类型只支持1（统一社会信用代码）: entBasicInfo.orgCrtType");
  }
  const auto code = RequiredText(basic, "orgCrtCode", "entBasicInfo.orgCrtCode", 32);
  if (!code.ok()) return code.error();
  auto checked = CheckCreditCode(*code);
  if (!checked.ok()) return InItsWords({checked.code(), checked.error().detail, "creditCode"});
  return checked;
}

Result<void> ReadBasic(const json::object& basic, bool required, Application& application) {
  service::EnterpriseInfo& enterprise = application.enterprise;
  IDNODE_RETURN_IF_ERROR(
      ReadTexts(basic, "entBasicInfo",
                {{"orgName", &enterprise.name, required, 255},
                 {"orgAddr", &enterprise.address, required, 255},
                 {"contactName", &enterprise.contact.name, required, 128},
                 {"contactPhone", &enterprise.contact.phone, required, 16},
                 {"contactEmail", &enterprise.contact.email, required, 128},
                 {"legalName", &enterprise.legal_person.name, required, 128},
                 {"legalPhone", &enterprise.legal_person.phone, false, 16},
                 {"legalEmail", &enterprise.legal_person.email, false, 128},
                 {"entPrefix", &application.prefix, required, kPrefixBytesMax}}));
  application.prefix = FoldIdentifier(application.prefix);
  IDNODE_RETURN_IF_ERROR(ReadNature(basic, required, enterprise.nature));
  IDNODE_RETURN_IF_ERROR(ReadIndustry(basic, required, enterprise.industry));
  return ReadRegion(basic, required, enterprise.region);
}

Result<void> ReadUser(const json::object& body, Application& application) {
  const auto user = RequiredObject(body, "sysUser", "sysUser");
  if (!user.ok()) return user.error();
  // Documents write userName; clients also username.
  const std::string_view key =
      (*user)->if_contains("userName") == nullptr ? "username" : "userName";
  IDNODE_RETURN_IF_ERROR(
      ReadTexts(**user, "sysUser",
                {{key, &application.user, true, kUserNameCharactersMax},
                 {"password", &application.password_sha256, true, kPasswordHashCharacters}}));
  return {};
}

// Every member of the body's three parts whose name ends in "Rid" is the id of an upload.
Result<void> ReadFiles(const json::object& body, std::vector<std::int64_t>& files) {
  for (const std::string_view part :
       {"entBasicInfo", "entRegisterManageInfo", "entHostingAndIdentifyServeInfo"}) {
    const auto object = OptionalObject(body, part, part);
    if (!object.ok()) return object.error();
    if (*object == nullptr) continue;
    for (const auto& member : **object) {
      const std::string_view key(member.key().data(), member.key().size());
      if (!key.ends_with(kFileIdEnd)) continue;
      const auto id = OptionalInteger(**object, key, key);
      if (!id.ok()) return id.error();
      if (*id) files.push_back(**id);
    }
  }
  return {};
}

Result<void> CheckFiles(const Context& context, const Application& application) {
  if (context.files == nullptr) return {};
  return context.files->Check(application.files, application.enterprise.credit_code);
}

Result<void> ClaimFiles(const Context& context, const Application& application) {
  if (context.files == nullptr || application.files.empty()) return {};
  return context.files->Claim(application.files, application.enterprise.credit_code);
}

Error PrefixTaken() { return Refusal("企业前缀已存在", Errc::kAlreadyExists); }
Error UserTaken() { return Refusal("用户名已存在", Errc::kAlreadyExists); }

// What can be known before anything is written, so that an application is not half done for a
// reason that was there all along.
Result<void> CheckFree(const Context& context, const Call& call, const Application& application) {
  const service::PrefixRegistry& prefixes = context.services.prefixes;
  if (!application.prefix.empty()) {
    if (!prefixes.IsResponsible(application.prefix)) {
      return Refusal("企业前缀不属于本节点: " + application.prefix, Errc::kNotResponsible);
    }
    const auto prefix = prefixes.Get(call.actor(), application.prefix);
    if (prefix.ok() && prefix->enterprise != application.enterprise.credit_code) {
      return PrefixTaken();
    }
  }
  if (application.user.empty()) return {};
  const auto users = context.services.admin.users.List(call.actor(), {});
  if (!users.ok()) return users.error();
  for (const service::UserInfo& user : *users) {
    if (user.name == application.user && user.enterprise != application.enterprise.credit_code) {
      return UserTaken();
    }
  }
  return {};
}

bool SaysTheSame(const service::EnterpriseInfo& a, const service::EnterpriseInfo& b) {
  return a.name == b.name && a.industry == b.industry && a.region == b.region &&
         a.address == b.address && a.contact == b.contact && a.legal_person == b.legal_person &&
         a.nature == b.nature;
}

// An enterprise that is there and says the same is a repeat, or one whose first try got no further.
Result<void> MakeEnterprise(const Context& context, const Call& call,
                            const service::EnterpriseInfo& wanted) {
  service::EnterpriseRegistry& enterprises = context.services.admin.enterprises;
  const auto created = enterprises.Create(call.actor(), wanted, call.deadline);
  if (created.ok()) return {};
  if (created.code() != Errc::kAlreadyExists) return InItsWords(created.error());
  const auto present = enterprises.Get(call.actor(), wanted.credit_code);
  if (!present.ok()) return present.error();
  if (SaysTheSame(*present, wanted)) return {};
  return Refusal("企业已存在", Errc::kAlreadyExists);
}

Result<void> MakePrefix(const Context& context, const Call& call, const Application& application) {
  service::PrefixRegistry& prefixes = context.services.prefixes;
  const std::string& code = application.enterprise.credit_code;
  const auto applied = prefixes.Apply(call.actor(), application.prefix, code, call.deadline);
  if (applied.ok()) return {};
  if (applied.code() != Errc::kAlreadyExists) return InItsWords(applied.error());
  const auto present = prefixes.Get(call.actor(), application.prefix);
  return present.ok() && present->enterprise == code ? Result<void>() : PrefixTaken();
}

Result<void> MakeUser(const Context& context, const Call& call, const Application& application) {
  service::UserStore& users = context.services.admin.users;
  service::UserInfo wanted;
  wanted.name = application.user;
  wanted.role = service::Role::kEnterpriseAdministrator;
  wanted.enterprise = application.enterprise.credit_code;
  const auto created =
      users.CreateWithHash(call.actor(), wanted, application.password_sha256, call.deadline);
  if (created.ok()) return {};
  if (created.code() != Errc::kAlreadyExists) return InItsWords(created.error());
  const auto present = users.List(call.actor(), wanted.enterprise);
  if (!present.ok()) return present.error();
  const bool same =
      std::any_of(present->begin(), present->end(),
                  [&](const service::UserInfo& user) { return user.name == wanted.name; });
  return same ? Result<void>() : UserTaken();
}

}  // namespace

Result<Reply> ApplyEnterprise(const Context& context, const Call& call) {
  // Before the body is parsed: who may not costs little.
  IDNODE_RETURN_IF_ERROR(context.services.admin.audit.Permit(
      call.actor(), service::Action::kEnterpriseCreate, false, {}));
  const auto body = ParseObject(call.request->body, kBodyBytesMax);
  if (!body.ok()) return body.error();
  const auto basic = RequiredObject(*body, "entBasicInfo", "entBasicInfo");
  if (!basic.ok()) return basic.error();
  Application application;
  const auto code = ReadCreditCode(**basic);
  if (!code.ok()) return code.error();
  application.enterprise.credit_code = *code;
  IDNODE_RETURN_IF_ERROR(ReadBasic(**basic, true, application));
  IDNODE_RETURN_IF_ERROR(ReadUser(*body, application));
  IDNODE_RETURN_IF_ERROR(ReadFiles(*body, application.files));
  if (context.files != nullptr && (*basic)->if_contains("orgCrtImgRid") == nullptr) {
    return Missing("entBasicInfo.orgCrtImgRid");
  }
  IDNODE_RETURN_IF_ERROR(CheckFiles(context, application));
  IDNODE_RETURN_IF_ERROR(CheckFree(context, call, application));
  IDNODE_RETURN_IF_ERROR(MakeEnterprise(context, call, application.enterprise));
  IDNODE_RETURN_IF_ERROR(MakePrefix(context, call, application));
  IDNODE_RETURN_IF_ERROR(MakeUser(context, call, application));
  IDNODE_RETURN_IF_ERROR(ClaimFiles(context, application));
  return Reply::Success();
}

Result<Reply> UpgradeEnterprise(const Context& context, const Call& call) {
  const auto body = ParseObject(call.request->body, kBodyBytesMax);
  if (!body.ok()) return body.error();
  const auto basic = RequiredObject(*body, "entBasicInfo", "entBasicInfo");
  if (!basic.ok()) return basic.error();
  const auto code = ReadCreditCode(**basic);
  if (!code.ok()) return code.error();
  service::EnterpriseRegistry& enterprises = context.services.admin.enterprises;
  const auto present = enterprises.Get(call.actor(), *code);
  if (present.code() == Errc::kNotFound) return Refusal("企业不存在", Errc::kNotFound);
  if (!present.ok()) return present.error();
  Application application;
  application.enterprise = *present;
  IDNODE_RETURN_IF_ERROR(ReadBasic(**basic, false, application));
  IDNODE_RETURN_IF_ERROR(ReadFiles(*body, application.files));
  IDNODE_RETURN_IF_ERROR(CheckFiles(context, application));
  IDNODE_RETURN_IF_ERROR(CheckFree(context, call, application));
  const auto updated =
      enterprises.Update(call.actor(), application.enterprise, present->revision, call.deadline);
  if (!updated.ok()) return InItsWords(updated.error());
  if (!application.prefix.empty()) {
    IDNODE_RETURN_IF_ERROR(MakePrefix(context, call, application));
  }
  IDNODE_RETURN_IF_ERROR(ClaimFiles(context, application));
  return Reply::Success();
}

}  // namespace idnode::frontend::http::snms
