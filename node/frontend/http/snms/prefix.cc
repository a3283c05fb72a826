// Prefixes: one, lists of them, and whether they are hosted here (托管) or at the enterprise's
// node.
#include <algorithm>
#include <limits>
#include <utility>

#include "node/frontend/beast_util/header_list.h"
#include "node/frontend/http/snms/listing.h"
#include "node/model/identifier.h"

namespace idnode::frontend::http::snms {
namespace {

constexpr std::string_view kSiteType = "HS_SITE";
constexpr int kProxyNone = 1;    // 未托管
constexpr int kProxyHosted = 4;  // 已托管

// 0 停用 1 启用 2 待删除 3 被驳回 4 待审核 5 审核中: one less than the node's numbers.
int StateNumber(service::PrefixState state) { return static_cast<int>(state) - 1; }

std::int64_t CreatedMs(const service::PrefixInfo& info) {
  return info.history.empty() ? info.admitted_ms : info.history.front().at_ms;
}

std::int64_t UpdatedMs(const service::PrefixInfo& info) {
  return info.history.empty() ? info.admitted_ms : info.history.back().at_ms;
}

std::string EnterpriseName(const Context& context, const service::PrefixInfo& info) {
  const auto enterprise = context.services.admin.enterprises.Find(info.enterprise);
  return enterprise == nullptr ? std::string() : enterprise->name;
}

void AppendRow(const service::PrefixInfo& info, const std::string& enterprise_name,
               std::string& out) {
  ObjectJson object(out);
  object.Number("id", NumberOf(info.prefix))
      .Text("entPrefix", info.prefix)
      .Text("entprefix", info.prefix);  // documents show both
  if (info.enterprise.empty()) {
    object.Null("entId");
  } else {
    object.Number("entId", NumberOf(info.enterprise));
  }
  object.Number("state", StateNumber(info.state))
      .TextOrNull("entName", enterprise_name)
      .Null("entWebSite")
      .Number("proxyState", info.hosting == service::Hosting::kHosted ? kProxyHosted : kProxyNone)
      .Text("createDate", BeijingTime(CreatedMs(info)))
      .Text("updateDate", BeijingTime(UpdatedMs(info)));
  object.End();
}

Result<std::uint16_t> ReadPort(const json::object& config, std::string_view key) {
  const std::string name = std::string("entPrefixConfig.").append(key);
  const auto port = OptionalInteger(config, key, name);
  if (!port.ok()) return port.error();
  if (!*port) return std::uint16_t{0};
  if (**port < 1 || **port > std::numeric_limits<std::uint16_t>::max()) {
    return Refusal("端口无效: " + name);
  }
  return static_cast<std::uint16_t>(**port);
}

Result<service::PrefixRoute> ReadRoute(const json::object& config) {
  service::PrefixRoute route;
  const auto type = OptionalText(config, "hdlType", "entPrefixConfig.hdlType");
  if (!type.ok()) return type.error();
  if (*type && !EqualsIgnoringCase(**type, kSiteType)) {
    return Refusal("类型只支持HS_SITE: entPrefixConfig.hdlType");
  }
  auto address = RequiredText(config, "ip", "entPrefixConfig.ip", 255);
  if (!address.ok()) return address.error();
  route.address = *std::move(address);
  const auto ip_type = OptionalInteger(config, "ipType", "entPrefixConfig.ipType");
  if (!ip_type.ok()) return ip_type.error();
  const int family = route.address.find(':') == std::string::npos ? 4 : 6;
  if (*ip_type && **ip_type != family) return Refusal("地址与类型不一致: entPrefixConfig.ipType");
  const std::pair<std::string_view, std::uint16_t*> ports[] = {
      {"tcpPort", &route.tcp_port}, {"udpPort", &route.udp_port}, {"httpPort", &route.http_port}};
  for (const auto& [key, into] : ports) {
    const auto port = ReadPort(config, key);
    if (!port.ok()) return port.error();
    *into = *port;
  }
  if (route.tcp_port == 0 && route.udp_port == 0 && route.http_port == 0) {
    return Refusal("端口至少填写一个（http、tcp、udp）");
  }
  return route;
}

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Error NoPrefix() { return Refusal("前缀不存在", Errc::kNotFound); }

}  // namespace

Result<Reply> ConfigureEnterprise(const Context& context, const Call& call) {
  const auto body = ParseObject(call.request->body, kBodyBytesMax);
  if (!body.ok()) return body.error();
  const auto config = RequiredObject(*body, "entPrefixConfig", "entPrefixConfig");
  if (!config.ok()) return config.error();
  const auto prefix =
      RequiredText(**config, "entPrefix", "entPrefixConfig.entPrefix", kPrefixBytesMax);
  if (!prefix.ok()) return prefix.error();
  // There is one server to host at: this node. Which number a client knows it by is all the same.
  const auto server = OptionalInteger(*body, "proxyServerId", "proxyServerId");
  if (!server.ok()) return server.error();
  service::Hosting hosting = service::Hosting::kHosted;
  service::PrefixRoute route;
  if (!*server) {
    hosting = service::Hosting::kSelfHosted;
    auto read = ReadRoute(**config);
    if (!read.ok()) return read.error();
    route = *std::move(read);
  }
  const auto set =
      context.services.prefixes.SetRoute(call.actor(), *prefix, hosting, route, call.deadline);
  if (set.code() == Errc::kNotFound) return NoPrefix();
  if (!set.ok()) return set.error();
  return Reply::Success();
}

Result<Reply> QueryPrefix(const Context& context, const Call& call) {
  const std::string prefix = call.Parameter("prefix");
  if (prefix.empty()) return Missing("prefix");
  const auto info = context.services.prefixes.Get(call.actor(), prefix);
  if (info.code() == Errc::kNotFound) return NoPrefix();
  if (!info.ok()) return info.error();
  const auto enterprise = context.services.admin.enterprises.Find(info->enterprise);
  std::string data;
  ObjectJson object(data);
  object.Text("prefix", info->prefix)
      .Text("createDate", BeijingTime(CreatedMs(*info)))
      .Text("ghrName", context.options.top_node_name)
      .Number("status", StateNumber(info->state))
      .TextOrNull("entNameCn", enterprise == nullptr ? std::string_view() : enterprise->name)
      .Null("entWebSite")
      .Null("entSite")
      .TextOrNull("entIndustry", enterprise == nullptr
                                     ? std::string_view()
                                     : std::string_view(enterprise->industry).substr(0, 1))
      .TextOrNull("entAddrCn", enterprise == nullptr ? std::string_view() : enterprise->address)
      .Null("entDesc");
  object.End();
  return Reply::Success(std::move(data));
}

Result<Reply> PagePrefixes(const Context& context, const Call& call) {
  const auto paging = ReadPaging(call);
  if (!paging.ok()) return paging.error();
  const auto dates = ReadDates(call);
  if (!dates.ok()) return dates.error();
  auto all = AllPrefixes(context, call, {});
  if (!all.ok()) return all.error();
  const std::string name = call.Parameter("entName");
  const std::string prefix = FoldIdentifier(call.Parameter("entPrefix"));
  std::erase_if(*all, [&](const service::PrefixInfo& info) {
    return !dates->Has(CreatedMs(info)) || !Contains(info.prefix, prefix) ||
           (!name.empty() && !Contains(EnterpriseName(context, info), name));
  });
  // Newest first; those of one instant in the order of their prefixes.
  std::sort(all->begin(), all->end(), [](const auto& a, const auto& b) {
    const std::int64_t a_ms = CreatedMs(a);
    const std::int64_t b_ms = CreatedMs(b);
    return a_ms != b_ms ? a_ms > b_ms : a.prefix < b.prefix;
  });
  return Reply::Success(PageJson(*paging, all->size(), [&](std::size_t i, std::string& out) {
    AppendRow((*all)[i], EnterpriseName(context, (*all)[i]), out);
  }));
}

}  // namespace idnode::frontend::http::snms
