#include "node/cli/access_text.h"

#include "node/cli/messages_admin.h"

namespace idnode::cli {
namespace {

struct StateRow {
  v1::PrefixState state;
  const char* word;
  Text text;
};

constexpr StateRow kStates[] = {
    {v1::AWAITING_AUDIT, "awaiting-audit", {"awaiting audit", "待审核"}},
    {v1::IN_AUDIT, "in-audit", {"in audit", "审核中"}},
    {v1::PREFIX_ACTIVE, "active", {"active", "已激活"}},
    {v1::PREFIX_REJECTED, "rejected", {"rejected", "审核驳回"}},
    {v1::STOPPED, "stopped", {"stopped", "停用"}},
    {v1::PENDING_DELETION, "pending-deletion", {"pending deletion", "待删除"}},
};

struct RoleRow {
  v1::Role role;
  std::string_view word;
  Text text;
};

constexpr RoleRow kRoles[] = {
    {v1::APPLICATION, "application", {"application", "应用身份"}},
    {v1::ENTERPRISE_ADMINISTRATOR,
     "enterprise-administrator",
     {"enterprise administrator", "企业管理员"}},
    {v1::AUDITOR, "auditor", {"auditor", "审核员"}},
    {v1::OPERATOR, "operator", {"operator", "运营者"}},
};

std::string In(const Text& text, Language language) { return std::string(text.In(language)); }

}  // namespace

std::string PrefixStateText(v1::PrefixState state, Language language) {
  for (const StateRow& row : kStates) {
    if (row.state == state) return In(row.text, language);
  }
  return std::to_string(static_cast<int>(state));
}

std::string_view PrefixStateWord(v1::PrefixState state) {
  for (const StateRow& row : kStates) {
    if (row.state == state) return row.word;
  }
  return {};
}

v1::PrefixState PrefixStateOf(std::string_view word) {
  for (const StateRow& row : kStates) {
    if (row.word == word) return row.state;
  }
  return v1::PREFIX_STATE_UNSPECIFIED;
}

const std::vector<std::string>& PrefixStateWords() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> all;
    for (const StateRow& row : kStates) all.emplace_back(row.word);
    return all;
  }();
  return words;
}

std::string RoleText(v1::Role role, Language language) {
  for (const RoleRow& row : kRoles) {
    if (row.role == role) return In(row.text, language);
  }
  return std::to_string(static_cast<int>(role));
}

v1::Role RoleOf(std::string_view word) {
  for (const RoleRow& row : kRoles) {
    if (row.word == word) return row.role;
  }
  return v1::ROLE_UNSPECIFIED;
}

std::string HostingText(v1::Hosting hosting, Language language) {
  return In(hosting == v1::SELF_HOSTED ? messages::kSelfHosted : messages::kHosted, language);
}

std::string VisibilityText(v1::Visibility visibility, Language language) {
  return In(visibility == v1::PRIVATE   ? messages::kPrivate
            : visibility == v1::GRANTED ? messages::kGranted
                                        : messages::kPublic,
            language);
}

std::string RouteText(const v1::PrefixRoute& route) {
  if (route.address().empty()) return {};
  std::string text = route.address().find(':') == std::string::npos ? route.address()
                                                                    : "[" + route.address() + "]";
  if (route.tcp_port() != 0) text += " tcp " + std::to_string(route.tcp_port());
  if (route.udp_port() != 0) text += " udp " + std::to_string(route.udp_port());
  if (route.http_port() != 0) text += " http " + std::to_string(route.http_port());
  return text;
}

}  // namespace idnode::cli
