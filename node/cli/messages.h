#pragma once

#include "node/cli/text.h"

/// Everything the client says while it runs. Help texts stand beside their options.
namespace idnode::cli::messages {

// Errors and hints.
inline constexpr Text kError{"error: $0", "错误：$0"};
inline constexpr Text kErrorField{"error: $0 (field $1)", "错误：$0（字段 $1）"};
inline constexpr Text kHintToken{
    "hint: pass a token with --token-file FILE or IDNODE_TOKEN; the operator's is in "
    "DATA_DIR/operator.token",
    "提示：用 --token-file FILE 或 IDNODE_TOKEN 提供令牌；运营者令牌在 DATA_DIR/operator.token"};
inline constexpr Text kHintHelp{"See: $0 --help", "参见：$0 --help"};
inline constexpr Text kCannotReach{"cannot reach $0: $1", "无法连接 $0：$1"};
inline constexpr Text kPlainTextWarning{"warning: --plaintext sends the token to $0 unencrypted",
                                        "警告：--plaintext 会把令牌以明文发送到 $0"};
inline constexpr Text kInterrupted{"interrupted", "已中断"};

// Batches.
inline constexpr Text kBatchSummary{"$0 done, $1 not done", "完成 $0，未完成 $1"};
inline constexpr Text kConfirmDelete{"Delete $0 identifiers? Type yes: ",
                                     "确认删除 $0 个标识？请输入 yes："};
inline constexpr Text kNotConfirmed{"not confirmed; nothing was deleted", "未确认，未删除任何标识"};
inline constexpr Text kDryRun{"dry run: nothing was changed", "试运行：未作任何更改"};
inline constexpr Text kWouldDelete{"would delete", "将删除"};
inline constexpr Text kMissing{"missing", "不存在"};

// Records and tables.
inline constexpr Text kIdentifier{"identifier", "标识"};
inline constexpr Text kState{"state", "状态"};
inline constexpr Text kClass{"class", "对象类别"};
inline constexpr Text kValues{"values", "标识值"};
inline constexpr Text kTemplate{"template", "模板"};
inline constexpr Text kAttributes{"attributes", "属性"};
inline constexpr Text kApplication{"application", "应用"};
inline constexpr Text kRegisteredAt{"registered", "注册时间"};
inline constexpr Text kUpdatedAt{"updated", "更新时间"};
inline constexpr Text kFirstRegisteredAt{"first registered", "首次注册"};
inline constexpr Text kRevision{"revision", "修订号"};
inline constexpr Text kChange{"change", "变更"};
inline constexpr Text kOutcome{"outcome", "结果"};
inline constexpr Text kReason{"reason", "原因"};
inline constexpr Text kName{"name", "名称"};
inline constexpr Text kPrefixes{"prefixes", "前缀"};
inline constexpr Text kPrefix{"prefix", "前缀"};
inline constexpr Text kAdmittedAt{"admitted", "开通时间"};
inline constexpr Text kCreatedAt{"created", "创建时间"};
inline constexpr Text kRevoked{"revoked", "已吊销"};
inline constexpr Text kYes{"yes", "是"};
inline constexpr Text kNo{"no", "否"};
inline constexpr Text kListed{"$0 identifiers", "共 $0 个标识"};
inline constexpr Text kMoreWith{"more with: $0", "继续：$0"};

// Progress.
inline constexpr Text kProgress{"$0 rows, $1 rows/s, $2 left", "$0 行，$1 行/秒，剩余 $2"};
inline constexpr Text kProgressNoEta{"$0 rows, $1 rows/s", "$0 行，$1 行/秒"};
inline constexpr Text kSeconds{"$0 s", "$0 秒"};
inline constexpr Text kMinutes{"$0 min $1 s", "$0 分 $1 秒"};
inline constexpr Text kHours{"$0 h $1 min", "$0 小时 $1 分"};

// Import.
inline constexpr Text kResumeWith{"resume with:\n  $0", "用以下命令继续：\n  $0"};
inline constexpr Text kUnfinished{
    "an unfinished import of this file is recorded in $0: add --resume to go on, or --restart to "
    "begin again (what is registered stays and is reported as unchanged)",
    "$0 记录着此文件未完成的导入：加 --resume 继续，或 --restart "
    "重新开始（已注册的标识会报告为内容相同）"};
inline constexpr Text kNothingToResume{"nothing to resume; starting at the beginning",
                                       "没有可继续的导入，从头开始"};
inline constexpr Text kResuming{"resuming at row $0", "从第 $0 行继续"};
inline constexpr Text kHashing{"reading $0", "正在读取 $0"};
inline constexpr Text kReconnecting{"connection lost ($0); trying again",
                                    "连接中断（$0），正在重试"};
inline constexpr Text kReconnected{"connected again", "已重新连接"};
inline constexpr Text kWaiting{"the node asks to wait: $0", "节点要求等待：$0"};
inline constexpr Text kGaveUp{"no progress for $0 s: $1", "$0 秒内没有进展：$1"};
inline constexpr Text kRows{"rows read", "读取行数"};
inline constexpr Text kRegistered{"registered", "首次注册"};
inline constexpr Text kReRegistered{"re-registered", "重新注册"};
inline constexpr Text kUnchanged{"unchanged", "内容相同"};
inline constexpr Text kConflicting{"conflicting", "内容冲突"};
inline constexpr Text kRejected{"rejected", "被拒绝"};
inline constexpr Text kWouldRegister{"would be sent", "将提交"};
inline constexpr Text kElapsed{"time", "用时"};
inline constexpr Text kRate{"rows per second", "每秒行数"};
inline constexpr Text kRejectsIn{"rows not registered are in $0", "未注册的行已写入 $0"};

// Export.
inline constexpr Text kExported{"$0 identifiers written", "已写出 $0 个标识"};

// Volume.
inline constexpr Text kVolumeTitle{"Registration volume $0 ($1)", "$0 注册量（$1）"};
inline constexpr Text kFirstEver{"first-ever registrations", "首次注册量"};
inline constexpr Text kRegistrations{"all registrations", "注册总数"};
inline constexpr Text kReRegistrations{"re-registrations", "重新注册"};
inline constexpr Text kDeletions{"deletions", "删除"};
inline constexpr Text kNet{"net", "净增"};
inline constexpr Text kReported{"reported upward", "已上报"};
inline constexpr Text kTarget{"target", "目标"};
inline constexpr Text kTargetMet{"target met", "已达标"};
inline constexpr Text kTargetLeft{"$0 to go", "还差 $0"};
inline constexpr Text kGroup{"group", "分组"};
inline constexpr Text kRecounting{"recounting: $0 of $1 shards, $2 records",
                                  "正在核对：$0/$1 分片，$2 条记录"};
inline constexpr Text kRecountEqual{
    "equal: the counters of $0 are what $1 records give ($2 first-ever)",
    "一致：$0 的计数与 $1 条记录核对相符（首次注册 $2）"};
inline constexpr Text kRecountDiffers{"different: the counters of $0 are not what the records give",
                                      "不一致：$0 的计数与记录不符"};
inline constexpr Text kDimension{"dimension", "维度"};
inline constexpr Text kKey{"key", "键"};
inline constexpr Text kFigure{"figure", "指标"};
inline constexpr Text kCounted{"counted", "计数"};
inline constexpr Text kRecounted{"recounted", "核对"};

// Statements.
inline constexpr Text kStatementTitle{"Registration statement $0 ($1) of $2",
                                      "$0 月度注册量声明（$1），$2"};
inline constexpr Text kFinal{"final: the month is closed", "终计：本月已关账"};
inline constexpr Text kProvisional{"provisional: the month runs", "暂计：本月尚未关账"};
inline constexpr Text kTreeGrew{"the tree grew from $0 to $1 leaves", "账本由 $0 条增至 $1 条"};
inline constexpr Text kEvidence{"evidence", "证据"};
inline constexpr Text kValue{"value", "数值"};

// Applications, prefixes, clock, status.
inline constexpr Text kTokenOnce{"the token is shown this once; only its hash is kept",
                                 "令牌只显示这一次，节点只保存其哈希"};
inline constexpr Text kTokenIn{"the token is in $0", "令牌已写入 $0"};
inline constexpr Text kWasRevoked{"revoked $0", "已吊销 $0"};
inline constexpr Text kAdmitted{"admitted $0", "已开通 $0"};
inline constexpr Text kVersion{"version", "版本"};
inline constexpr Text kEngine{"engine", "存储引擎"};
inline constexpr Text kShards{"shards", "分片数"};
inline constexpr Text kWallClock{"clock", "时钟"};
inline constexpr Text kTimeZone{"time zone", "时区"};
inline constexpr Text kRegistering{"registration", "注册服务"};
inline constexpr Text kAccepted{"accepted", "正常"};
inline constexpr Text kStoppedBy{"stopped: $0", "已停止：$0"};
inline constexpr Text kReady{"ready", "就绪"};
inline constexpr Text kNotReady{"not ready after $0 s: $1", "$0 秒后仍未就绪：$1"};

}  // namespace idnode::cli::messages
