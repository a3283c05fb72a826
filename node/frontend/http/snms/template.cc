// Data templates (数据模板): prefix P and version V here are the template V of owner P on the node,
// whose own version counts what PUT made of it.
#include <algorithm>
#include <utility>
#include <vector>

#include "node/frontend/beast_util/header_list.h"
#include "node/frontend/http/snms/call.h"
#include "node/model/data_template.h"
#include "node/model/identifier.h"
#include "node/model/template_forms.h"

namespace idnode::frontend::http::snms {
namespace {

constexpr std::uint32_t kListPage = 1'000;

// Which template a request is about.
struct Key {
  std::string owner;  ///< folded
  std::string name;
};

Error NoTemplate() { return Refusal("数据模板不存在", Errc::kTemplateNotFound); }

Result<Key> KeyOf(const json::object& body) {
  auto prefix = RequiredText(body, "prefix", "prefix", kPrefixBytesMax);
  if (!prefix.ok()) return prefix.error();
  auto version = RequiredText(body, "version", "version");
  if (!version.ok()) return version.error();
  return Key{FoldIdentifier(*prefix), *std::move(version)};
}

// Before anything is told of the template.
Result<void> Permit(const Context& context, const Call& call, service::Action action,
                    const Key& key) {
  return context.services.admin.audit.Permit(
      call.actor(), action, context.services.prefixes.MayWrite(*call.caller, key.owner),
      key.owner + "/" + key.name);
}

bool IsSame(const DataTemplate& a, const DataTemplate& b) {
  return EncodeDataTemplate(a) == EncodeDataTemplate(b);
}

Result<json::object> SnmsObject(const service::TemplateInfo& info) {
  auto object =
      ParseObject(ToSnmsTemplate(info.content, info.owner, info.name), kTemplateSchemaBytesMax * 4);
  if (!object.ok()) return Error(Errc::kInternal, "a template's SNMS form is no JSON object");
  return object;
}

Result<Reply> PutAndPublish(const Context& context, const Call& call, const Key& key,
                            DataTemplate content) {
  service::TemplateRegistry& templates = context.services.admin.templates;
  const auto draft =
      templates.Put(call.actor(), key.owner, key.name, std::move(content), call.deadline);
  if (draft.code() == Errc::kAlreadyExists) {
    return Refusal("上级或下级前缀已有该版本的数据模板，请更换版本: " + key.name,
                   Errc::kAlreadyExists);
  }
  if (!draft.ok()) return draft.error();
  const auto published =
      templates.Publish(call.actor(), key.owner, key.name, (*draft)->version, call.deadline);
  if (!published.ok()) return published.error();
  return Reply::Success();
}

// Template: a DataTemplate, const or not.
template <typename Template>
auto* ItemOfIndex(Template& content, std::uint32_t index) {
  const auto at = std::find_if(content.items.begin(), content.items.end(),
                               [&](const TemplateItem& item) { return item.index == index; });
  using Pointer = decltype(&*at);
  return at == content.items.end() ? Pointer(nullptr) : &*at;
}

bool HasName(const DataTemplate& content, std::string_view name) {
  return std::any_of(content.items.begin(), content.items.end(),
                     [&](const TemplateItem& item) { return EqualsIgnoringCase(item.name, name); });
}

std::uint32_t NextIndex(const DataTemplate& content) {
  std::uint32_t next = kTemplateIndexMin;
  for (const TemplateItem& item : content.items) next = std::max(next, item.index + 1);
  return next;
}

// What an item of a PUT leaves out stays as it is.
void FillFromPresent(const TemplateItem& present, json::object& item) {
  const auto fill = [&](std::string_view key, json::value value) {
    const json::value* given = item.if_contains(key);
    if (given == nullptr || given->is_null()) item[key] = std::move(value);
  };
  fill("name", json::value(present.title.empty() ? present.name : present.title));
  fill("required", json::value(present.required));
  fill("state", json::value(present.disabled ? 0 : 1));
  json::object metadata{{"type", "string"}};
  if (present.length_min) metadata["minLength"] = *present.length_min;
  if (present.length_max) metadata["maxLength"] = *present.length_max;
  fill("metadata", std::move(metadata));
  item["idType"] = present.name;
  item["idIndex"] = present.index;
}

// One item of a PUT: an item that is there is named by its index and type; one without an index is
// new and gets the next.
Result<void> CompleteItem(DataTemplate& next, json::object& item) {
  const auto type = RequiredText(item, "idType", "items[i].idType");
  if (!type.ok()) return type.error();
  const auto index = OptionalInteger(item, "idIndex", "items[i].idIndex");
  if (!index.ok()) return index.error();
  if (!*index) {
    if (HasName(next, *type)) return Refusal("模板属性英文名称重复: " + *type);
    TemplateItem added;
    added.name = *type;
    added.index = NextIndex(next);
    item["idIndex"] = added.index;
    next.items.push_back(std::move(added));
    return {};
  }
  const TemplateItem* present =
      **index < 0 ? nullptr : ItemOfIndex(next, static_cast<std::uint32_t>(**index));
  if (present == nullptr || !EqualsIgnoringCase(present->name, *type)) {
    return Refusal("模板属性索引与英文名称不匹配: " + std::to_string(**index) + " " + *type);
  }
  FillFromPresent(*present, item);
  return {};
}

// What the API can say of an item; what it cannot (patterns, units, visibility) stays.
void Overlay(const TemplateItem& given, TemplateItem& item) {
  if (given.title != item.name || !item.title.empty()) item.title = given.title;
  item.required = given.required;
  item.disabled = given.disabled;
  if (item.type != ItemType::kString) return;
  item.length_min = given.length_min;
  item.length_max = given.length_max;
}

// The content after a PUT: incremental, items are never dropped.
Result<DataTemplate> Merge(const service::TemplateInfo& present, const json::object& body) {
  DataTemplate next = present.content;
  auto whole = SnmsObject(present);
  if (!whole.ok()) return whole.error();
  for (const auto& member : body) {
    if (!member.value().is_null()) (*whole)[member.key()] = member.value();
  }
  json::value& items = (*whole)["items"];
  if (!items.is_array()) return Missing("items");
  for (json::value& item : items.as_array()) {
    if (!item.is_object()) return Refusal("请求参数类型错误: items[i]");
    IDNODE_RETURN_IF_ERROR(CompleteItem(next, item.as_object()));
  }
  const auto given = FromSnmsTemplate(json::serialize(*whole));
  if (!given.ok()) return given.error();
  next.industry = given->industry;
  next.active_carrier = given->active_carrier;
  if (body.contains("description")) next.description = given->description;
  for (const TemplateItem& item : given->items) {
    TemplateItem* into = ItemOfIndex(next, item.index);
    if (into == nullptr) return Error(Errc::kInternal, "an item of a PUT got lost");
    if (ItemOfIndex(present.content, item.index) == nullptr) {
      *into = item;
    } else {
      Overlay(item, *into);
    }
  }
  return next;
}

Result<std::vector<service::TemplateRef>> VersionsOf(const Context& context, const Call& call,
                                                     const Key& key) {
  std::vector<service::TemplateRef> versions;
  std::string page_token;
  do {
    const auto page =
        context.services.admin.templates.List(call.actor(), key.owner, kListPage, page_token);
    if (!page.ok()) return page.error();
    for (const service::TemplateRef& one : page->templates) {
      if (one->owner == key.owner && one->name == key.name) versions.push_back(one);
    }
    page_token = page->next_page_token;
  } while (!page_token.empty());
  std::sort(versions.begin(), versions.end(),
            [](const auto& a, const auto& b) { return a->version < b->version; });
  return versions;
}

}  // namespace

Result<Reply> GetTemplate(const Context& context, const Call& call) {
  const std::string prefix = call.Parameter("prefix");
  const std::string version = call.Parameter("version");
  if (prefix.empty()) return Missing("prefix");
  if (version.empty()) return Missing("version");
  const service::TemplateRef found =
      context.services.admin.templates.FindNewest(FoldIdentifier(prefix), version);
  if (found == nullptr) return NoTemplate();
  auto object = SnmsObject(*found);
  if (!object.ok()) return object.error();
  // Members that clients read and the node has no use for.
  object->emplace("name", found->content.title);
  object->emplace("handle", nullptr);
  return Reply::Success(json::serialize(*object));
}

Result<Reply> CreateTemplate(const Context& context, const Call& call) {
  const auto body = ParseObject(call.request->body, kTemplateSchemaBytesMax);
  if (!body.ok()) return body.error();
  const auto key = KeyOf(*body);
  if (!key.ok()) return key.error();
  IDNODE_RETURN_IF_ERROR(Permit(context, call, service::Action::kTemplatePut, *key));
  auto content = FromSnmsTemplate(call.request->body);
  if (!content.ok()) return content.error();
  const auto present = context.services.admin.templates.Get(call.actor(), key->owner, key->name, 0);
  if (present.ok()) {
    if (IsSame((*present)->content, *content)) return Reply::Success();  // a repeat
    return Refusal("数据模板已存在", Errc::kAlreadyExists);
  }
  if (present.code() != Errc::kTemplateNotFound) return present.error();
  return PutAndPublish(context, call, *key, *std::move(content));
}

Result<Reply> UpdateTemplate(const Context& context, const Call& call) {
  const auto body = ParseObject(call.request->body, kTemplateSchemaBytesMax);
  if (!body.ok()) return body.error();
  const auto key = KeyOf(*body);
  if (!key.ok()) return key.error();
  IDNODE_RETURN_IF_ERROR(Permit(context, call, service::Action::kTemplatePut, *key));
  const auto present = context.services.admin.templates.Get(call.actor(), key->owner, key->name, 0);
  if (present.code() == Errc::kTemplateNotFound) return NoTemplate();
  if (!present.ok()) return present.error();
  auto next = Merge(**present, *body);
  if (!next.ok()) return next.error();
  if (IsSame((*present)->content, *next)) return Reply::Success();
  return PutAndPublish(context, call, *key, *std::move(next));
}

Result<Reply> DeleteTemplate(const Context& context, const Call& call) {
  const auto body = ParseObject(call.request->body, kBodyBytesMax);
  if (!body.ok()) return body.error();
  const auto key = KeyOf(*body);
  if (!key.ok()) return key.error();
  IDNODE_RETURN_IF_ERROR(Permit(context, call, service::Action::kTemplateDelete, *key));
  const auto versions = VersionsOf(context, call, *key);
  if (!versions.ok()) return versions.error();
  if (versions->empty()) return NoTemplate();
  const bool used =
      std::any_of(versions->begin(), versions->end(), [](const auto& one) { return one->in_use; });
  if (used) return Refusal("数据模板已被使用，不能删除", Errc::kTemplateInUse);
  // The newest last: should one come into use meanwhile, the template stays whole for its records.
  for (const service::TemplateRef& one : *versions) {
    const auto deleted = context.services.admin.templates.Delete(
        call.actor(), key->owner, key->name, one->version, call.deadline);
    if (!deleted.ok()) return deleted.error();
  }
  return Reply::Success();
}

}  // namespace idnode::frontend::http::snms
