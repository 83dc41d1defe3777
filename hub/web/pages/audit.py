"""Nhật ký hoạt động: who did what, and whether the record is whole."""

import json
from collections.abc import Mapping

from aiohttp import web

from content.model import STAGE_WORDS
from hub.auth.audit import AuditEntry
from hub.auth.roles import ROLE_WORDS
from hub.flows import report
from hub.web.forms import query
from hub.web.keys import actor_of, ctx_of
from hub.web.render import page

ACT_WORDS: Mapping[str, str] = {
    "account.close": "Đóng tài khoản",
    "account.create": "Tạo tài khoản",
    "alert.cancel": "Thu hồi tin khẩn cấp",
    "alert.expire": "Tin khẩn cấp hết giờ",
    "alert.send": "Gửi tin khẩn cấp",
    "alert.update": "Cập nhật tin khẩn cấp",
    "bulletin.approve": "Duyệt bản tin",
    "bulletin.archive": "Cất bản tin vào lưu trữ",
    "bulletin.edit": "Sửa bản tin",
    "bulletin.return": "Trả lại bản tin",
    "bulletin.schedule": "Lên lịch bản tin",
    "bulletin.submit": "Gửi duyệt bản tin",
    "bulletin.withdraw": "Rút lại bản tin",
    "bulletin.write": "Soạn bản tin",
    "device.claim": "Cụm loa kích hoạt",
    "device.move": "Đổi vị trí cụm loa",
    "device.register": "Đăng ký cụm loa",
    "device.replace": "Thay thiết bị cụm loa",
    "device.retire": "Thu hồi cụm loa",
    "device.stop": "Dừng phát cụm loa",
    "device.volume": "Đặt âm lượng cụm loa",
    "keys.publish": "Công bố khóa ký",
    "group.put": "Đặt nhóm địa bàn",
    "password.change": "Đổi mật khẩu",
    "programme.cancel": "Bỏ lịch phát",
    "quiet_hours.set": "Đặt giờ yên tĩnh",
    "role.give": "Giao nhiệm vụ",
    "role.take": "Bỏ nhiệm vụ",
    "session.begin": "Đăng nhập",
    "session.end": "Đăng xuất",
    "session.refused": "Đăng nhập sai",
}
FACT_WORDS: Mapping[str, str] = {
    "reason": "lý do",
    "stage": "trạng thái",
    "role": "nhiệm vụ",
    "value": "giá trị",
    "name": "tên",
    "level": "cấp",
    "kind": "loại",
    "decision": "quyết định",
    "version": "bản",
}
VALUE_WORDS: Mapping[str, str] = {
    **{str(stage): words.lower() for stage, words in STAGE_WORDS.items()},
    **{str(role): words for role, words in ROLE_WORDS.items()},
    "emergency": "thật",
    "drill": "diễn tập",
}
PLACES: Mapping[str, str] = {"bulletin": "/ban-tin", "device": "/loa", "alert": "/khan-cap"}
OURS: Mapping[str, str] = {"hub.install": "Cài đặt", "hub.alert": "Máy chủ", "?": "Không rõ"}


async def listing(request: web.Request) -> web.StreamResponse:
    """GET /nhat-ky?truoc=120&kiem-tra=1."""
    ctx, actor, asked = ctx_of(request), actor_of(request), query(request)
    text = asked.text("truoc")
    before = int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
    found = await report.audit(ctx, actor, before=before)
    checked = await report.check_chain(ctx, actor) if "kiem-tra" in asked else None
    names = {**found.names, **OURS}
    return await page(
        request,
        "audit.html",
        title="Nhật ký hoạt động",
        entries=[
            (one, ACT_WORDS.get(one.act, one.act), names.get(one.actor, one.actor), facts(one.detail))
            for one in found.entries
        ],
        older=found.entries[-1].n if found.entries and found.entries[-1].n > 1 else None,
        subject_names=found.names,
        checked=checked,
        links=link,
    )


def link(entry: AuditEntry) -> str:
    """Return where what was done can be looked at; empty when there is no such page."""
    place = PLACES.get(entry.act.partition(".")[0])
    return f"{place}/{entry.subject}" if place else ""


def facts(detail: str) -> str:
    """Return an entry's facts in a line: "trạng thái: chờ duyệt, bản: 2"; what has no word of ours is left out."""
    try:
        said = json.loads(detail or "{}")
    except ValueError:
        return ""
    known = (
        (FACT_WORDS[name], value) for name, value in said.items() if name in FACT_WORDS and value not in ("", None)
    )
    return ", ".join(f"{name}: {VALUE_WORDS.get(str(value), str(value))}" for name, value in known)
