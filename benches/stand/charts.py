"""Charts as SVG, written by hand: bars of the versions of each program, and curves of how a program grows."""
import html, math

INK, FAINT, ALTRU, PEER, FLOOR = "#222", "#ccc", "#d9480f", "#7a8fa6", "#c9d3dd"
FONT = 'font-family="DejaVu Sans, Helvetica, Arial, sans-serif"'
CURVES = ["#d9480f", "#f0a070", "#1c5d99", "#80b0d8", "#2b7a3d", "#90c79b", "#7b4397", "#555"]

def text(x, y, s, size=12, anchor="start", fill=INK, weight="normal"):
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{fill}" font-weight="{weight}">{html.escape(s)}</text>'

def document(width, height, parts):
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" {FONT}>'
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="white"/>', *parts, "</svg>"]) + "\n"

def short(value):
    if value >= 100_000:
        return f"{value / 1000:,.0f} k"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

def bars(title, groups):
    """`groups`: (name, unit, aim or None, [(version, value, is Altru, is a floor)]), a block of bars each, the shortest on top;
    of the peers the five best."""
    width, label, row, y = 860, 300, 17, 44
    parts = [text(12, 24, title, 16, weight="bold")]
    for name, unit, aim, versions in groups:
        versions = sorted(versions, key=lambda v: v[1])
        peers = [v for v in versions if not v[2] and not v[3]][:5]
        shown = [v for v in versions if v[2] or v[3] or v in peers]
        longest = max([v[1] for v in shown] + [aim or 0]) or 1
        scale = (width - label - 90) / longest
        parts.append(text(12, y + 12, f"{name} ({unit})", 12, weight="bold"))
        top = y + 18
        for i, (version, value, mine, floor) in enumerate(shown):
            at = top + i * row
            parts.append(text(label - 8, at + 12, version, 11, "end", weight="bold" if mine else "normal"))
            parts.append(f'<rect x="{label}" y="{at + 2}" width="{max(value * scale, 1):.1f}" height="{row - 4}" fill="{ALTRU if mine else FLOOR if floor else PEER}"/>')
            parts.append(text(label + value * scale + 5, at + 12, short(value), 11))
        bottom = top + len(shown) * row
        if aim:
            x = label + aim * scale
            parts.append(f'<line x1="{x:.1f}" y1="{top}" x2="{x:.1f}" y2="{bottom}" stroke="{INK}" stroke-dasharray="3 3"/>')
        y = bottom + 16
    parts.append(text(12, y + 6, "Shorter is better. Dark: Altru; pale: a floor without a runtime; the dashed line is the aim.", 11, fill="#666"))
    return document(width, int(y + 20), parts)

def curves(title, panels):
    """`panels`: (name, unit, [(version, [(amount, value)])]), both axes logarithmic, three a row."""
    across, pw, ph = 3, 300, 230
    parts = [text(12, 24, title, 16, weight="bold")]
    names = []
    for _, _, lines in panels:
        names += [n for n, _ in lines if n not in names]
    x = 12
    for i, n in enumerate(names):
        parts.append(f'<rect x="{x}" y="36" width="12" height="10" fill="{CURVES[i % len(CURVES)]}"/>')
        parts.append(text(x + 16, 45, n, 11))
        x += 30 + 6.6 * len(n)
    for k, (name, unit, lines) in enumerate(panels):
        left, top = 12 + (k % across) * pw, 60 + (k // across) * ph
        points = [p for _, ps in lines for p in ps if p[1] > 0]
        if not points:
            continue
        x0, x1 = math.log10(min(p[0] for p in points)), math.log10(max(p[0] for p in points))
        y0, y1 = math.floor(math.log10(min(p[1] for p in points))), math.ceil(math.log10(max(p[1] for p in points)))
        y1 = max(y1, y0 + 1)
        ax, ay, aw, ah = left + 44, top + 22, pw - 64, ph - 62
        sx = lambda v: ax + (math.log10(v) - x0) / max(x1 - x0, 1e-9) * aw
        sy = lambda v: ay + ah - (math.log10(v) - y0) / (y1 - y0) * ah
        parts.append(text(left + 4, top + 12, f"{name} ({unit})", 11, weight="bold"))
        for e in range(y0, y1 + 1):
            parts.append(f'<line x1="{ax}" y1="{sy(10 ** e):.1f}" x2="{ax + aw}" y2="{sy(10 ** e):.1f}" stroke="{FAINT}"/>')
            parts.append(text(ax - 5, sy(10**e) + 4, short(10**e), 10, "end"))
        for e in range(math.ceil(x0), math.floor(x1) + 1):
            parts.append(text(sx(10**e), ay + ah + 14, f"10^{e}", 10, "middle"))
        for version, ps in lines:
            colour = CURVES[names.index(version) % len(CURVES)]
            line = " ".join(f"{sx(a):.1f},{sy(v):.1f}" for a, v in ps if v > 0)
            parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
    rows = (len(panels) + across - 1) // across
    return document(across * pw + 12, 60 + rows * ph, parts)
