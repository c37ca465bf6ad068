#!/usr/bin/env python3
"""Times displace beside the libraries that do the same work: torch, OpenCV, SimpleITK, SciPy, kornia, torchvision and oflibpytorch.

    python bench/compare.py                       the table (some minutes)
    python bench/compare.py --only linear --threads 1
    python bench/compare.py --growth growth.svg   time against size and channels, drawn
    python bench/compare.py --memory              peak memory of a call beyond inputs and result

A time is the median of the repeats, in nanoseconds per element: one number of the (forward) result, or one pixel of a
displacement. Contestants run in turns. BENCHMARKS.md says how all of it is measured.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from workloads import GROWTH, MEMORY, PACKAGES, WORKLOADS, growth_bytes

HERE = Path(__file__).parent
NAMES = {
    "ours": "ours",
    "torch": "torch",
    "cv2": "OpenCV",
    "sitk": "SimpleITK",
    "scipy": "SciPy",
    "kornia": "kornia",
    "oflib": "oflib",
    "vision": "torchvision",
}
PEERS = ("torch", "cv2", "sitk", "scipy", "kornia", "oflib", "vision")
ALLOWED_MIB = 32


class Worker:
    """The process that measures with one number of threads."""

    def __init__(self, threads: int, options: argparse.Namespace) -> None:
        self.threads = threads
        command = [sys.executable, str(HERE / "worker.py"), str(threads), "--without", options.without]
        if options.no_compile or options.quick:
            command.append("--no-compile")
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment(threads), encoding="utf-8"
        )

    def ask(self, **request: Any) -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise SystemExit(f"compare.py: the measuring process ended with {self.process.wait()}; its errors are above")
        return json.loads(line)

    def close(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def environment(threads: int) -> dict[str, str]:
    """displace's threads, should it have no `set_num_threads`; the other libraries are told by calls."""
    return {**os.environ, "RAYON_NUM_THREADS": str(threads), "PYTHONWARNINGS": "ignore"}


# The machine


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> dict[str, Any]:
    model, flags = platform.processor() or platform.machine(), []
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = value.strip()
            elif key.strip() in ("flags", "Features") and not flags:
                known = ("sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512vl", "asimd", "sve", "sve2")
                flags = [flag for flag in known if flag in value.split()]
    except OSError:
        pass
    memory = None
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": model,
        "cores": cores(),
        "memory": memory,
        "simd": flags,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
    }


def free_memory() -> int | None:
    """Bytes that can be taken now; None where the system does not say."""
    found = []
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                found.append(int(line.split()[1]) * 1024)
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        if limit != "max":
            found.append(int(limit) - int(Path("/sys/fs/cgroup/memory.current").read_text()))
    except (OSError, ValueError):
        pass
    return min(found, default=None)


# The table


def rows_of(result: dict[str, Any], targets: tuple[tuple[str, float], ...], judge: bool) -> list[dict[str, Any]]:
    """What the table says of one workload on one number of threads: a row without `out=`, and one with it."""
    rows = []
    for out in (False, True):
        best: dict[str, dict[str, Any]] = {}
        for one in result["contestants"]:
            if one["out"] == out and (one["who"] not in best or one["median"] < best[one["who"]]["median"]):
                best[one["who"]] = one
        if "ours" not in best:
            continue
        ours = best["ours"]["median"]
        peers = {who: best[who]["median"] for who in PEERS if who in best}
        ratio = min(peers.values()) / ours if peers else None
        times = {**peers, "copy": best["copy"]["median"] if "copy" in best else None, "fastest": ratio and ratio * ours}
        # What a row has no time for, it is not judged by.
        judged = [
            {"against": against, "factor": factor, "reached": times[against] / ours, "met": times[against] / ours >= factor}
            for against, factor in targets
            if times.get(against)
        ]
        rows.append(
            {
                "workload": result["workload"],
                "threads": result["threads"],
                "out": out,
                "ns": {who: one["median"] * 1e9 / result["elements"] for who, one in best.items()},
                "forms": {who: one["form"] for who, one in best.items()},
                "ratio": ratio,
                "copy_share": times["copy"] / ours if times["copy"] else None,
                "targets": judged,
                "met": all(each["met"] for each in judged) if judged and judge else None,
            }
        )
    return rows


def digits(value: float | None) -> str:
    """Three digits."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def target_text(targets: list[dict[str, Any]]) -> str:
    texts = []
    for target in targets:
        who, factor = NAMES.get(target["against"], target["against"]), target["factor"]
        texts.append(f"{who} {factor:g}x" if factor >= 1 else f"≤{1 / factor:g}x {who}")
    return ", ".join(texts) or "-"


class Table:
    def __init__(self, peers: list[str]) -> None:
        self.peers = peers
        self.widths = [19, 3, 3, *[max(6, len(NAMES[who])) for who in ("ours", *peers)], 8, 5, 21, 6]

    def line(self, *cells: str) -> None:
        texts = [
            cell.ljust(width) if k in (0, 2, len(cells) - 2, len(cells) - 1) else cell.rjust(width)
            for k, (cell, width) in enumerate(zip(cells, self.widths, strict=True))
        ]
        print(" ".join(texts).rstrip(), flush=True)

    def rule(self) -> None:
        print("-" * (sum(self.widths) + len(self.widths) - 1))

    def head(self) -> None:
        names = [NAMES[who] for who in ("ours", *self.peers)]
        self.line("workload", "thr", "out", *names, "peer/our", "copy", "target", "")
        self.rule()

    def row(self, row: dict[str, Any], first: bool) -> None:
        share = row["copy_share"]
        verdict = "-" if row["met"] is None else "met" if row["met"] else "missed"
        self.line(
            row["workload"] if first else "",
            str(row["threads"]),
            "yes" if row["out"] else "no",
            *(digits(row["ns"].get(who)) for who in ("ours", *self.peers)),
            "-" if row["ratio"] is None else f"{digits(row['ratio'])}x",
            "-" if share is None else f"{share * 100:.0f}%",
            target_text(row["targets"]),
            verdict,
        )


def warnings_of(result: dict[str, Any]) -> list[str]:
    """Lines on contestants that do not compute what ours does; one for those that differ alike."""
    said: dict[str, list[str]] = {}
    for check in result["checks"]:
        if check["ok"]:
            continue
        if not check["finite"]:
            text = "has results that are not finite"
        elif check["difference"] is None:
            text = "has another shape"
        else:
            text = f"differs by {check['difference']:.2g} (tolerance {check['tolerance']:.2g}) in {check['share'] * 100:.2g}% of numbers"
            if check["inside"] is not None:
                text += f", by {check['inside']:.2g} inside the image"
        forms = said.setdefault(f"{NAMES[check['who']]}|{text}", [])
        if check["form"] not in forms:
            forms.append(check["form"])
    return [
        f"warning: {result['workload']}, {key.partition('|')[0]} ({', '.join(forms)}): {key.partition('|')[2]}"
        for key, forms in said.items()
    ]


def table(workers: list[Worker], options: argparse.Namespace, report: dict[str, Any]) -> None:
    words = [word for word in options.only.split(",") if word]
    chosen = [each for each in WORKLOADS if not words or any(word in each.name for word in words)]
    if not chosen:
        raise SystemExit(
            f"compare.py: no workload has {options.only!r} in its name; there are: {', '.join(w.name for w in WORKLOADS)}"
        )
    printed = Table([who for who in PEERS if who not in report["missing"]])
    print("ns per element, medians; peer/our: the fastest peer's time by ours; copy: a plain copy's time by ours")
    print()
    printed.head()
    warnings: list[str] = []
    for workload in chosen:
        first = True
        for worker in workers:
            result = worker.ask(workload=workload.name, repeat=options.repeat, divide=options.divide, shortest=options.shortest)
            result |= {"workload": workload.name, "what": workload.what, "threads": worker.threads}
            report["results"].append(result)
            why = result.get("skipped") or result.get("error")
            if why:
                print(f"{workload.name if first else '':19} {worker.threads:3} {why}", flush=True)
                first = False
                continue
            for row in rows_of(result, workload.targets, not options.quick):
                printed.row(row, first)
                report["rows"].append(row)
                first = False
            warnings += [line for line in warnings_of(result) if line not in warnings]
    printed.rule()
    judged = [row["met"] for row in report["rows"] if row["met"] is not None]
    if judged:
        print(f"targets met in {sum(judged)} of {len(judged)} rows")
    for workload in chosen:
        print(f"  {workload.name:20} {workload.what}")
    for line in warnings:
        print(line)
    report["warnings"] = warnings


# Growth


def growth(workers: list[Worker], options: argparse.Namespace, report: dict[str, Any]) -> None:
    for axis, values in GROWTH.items():
        print(f"growth with {axis}")
        for value in values[: 3 if options.quick else None]:
            free, needed = free_memory(), growth_bytes(axis, value)
            if free is not None and needed > free * 0.9:
                note = f"{axis} {value}: left out, needs {needed / 2**30:.1f} GiB of memory and {free / 2**30:.1f} are free"
                print(f"  {note}")
                report["notes"].append(note)
                break
            for worker in workers:
                result = worker.ask(growth=[axis, value], repeat=options.repeat, shortest=options.shortest)
                if "error" in result:
                    note = f"{axis} {value}: {result['error']}"
                    print(f"  {note}")
                    report["notes"].append(note)
                    continue
                best: dict[str, float] = {}
                for one in result["contestants"]:
                    each = one["median"] * 1e9 / result["elements"]
                    best[one["who"]] = min(each, best.get(one["who"], each))
                report["growth"].append({"axis": axis, "value": value, "threads": worker.threads, "ns": best, **result})
                said = "  ".join(f"{NAMES[who]} {digits(each)}" for who, each in best.items())
                print(f"  {value:6} {worker.threads:3} thr  {said}", flush=True)
    draw(report, options.growth)
    print(f"written: {options.growth}")


def draw(report: dict[str, Any], path: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FuncFormatter, NullFormatter

    colours = {"ours": "#0b5fa5", "torch": "#d9562b", "cv2": "#4b8b3b", "sitk": "#8a4fa3", "oflib": "#b8860b"}
    marks = {"ours": "o", "torch": "s", "cv2": "^", "sitk": "D", "oflib": "v"}
    labels = NAMES | {"ours": "displace"}
    about = {
        "size": ("Linear sampling, one channel", "side of image and map, pixels"),
        "channels": ("Linear sampling, 256×256 pixels", "channels"),
        "inverse": ("Inverse", "side of field, pixels"),
        "determinant": ("Jacobian determinant", "side of field, pixels"),
        "exp": ("Exponential, 7 squarings", "side of field, pixels"),
    }
    threads = sorted({point["threads"] for point in report["growth"]})
    style = {
        "font.size": 10.5,
        "axes.edgecolor": "#666666",
        "axes.labelcolor": "#222222",
        "xtick.color": "#444444",
        "ytick.color": "#444444",
        "svg.hashsalt": "displace",
    }
    with plt.rc_context(style):
        figure = plt.figure(figsize=(11, 9.2), layout="constrained")
        rows = [["size"] * 3 + ["channels"] * 3, ["inverse"] * 2 + ["determinant"] * 2 + ["exp"] * 2]
        for axis, panel in figure.subplot_mosaic(rows).items():
            title, label = about[axis]
            points = [point for point in report["growth"] if point["axis"] == axis]
            for count in threads:
                for who in colours:
                    line = [(p["value"], p["ns"][who]) for p in points if p["threads"] == count and who in p["ns"]]
                    if line:
                        panel.plot(
                            *zip(*line, strict=True),
                            color=colours[who],
                            marker=marks[who],
                            markersize=4.5,
                            linewidth=2.2 if who == "ours" else 1.5,
                            linestyle="-" if count == threads[-1] else (0, (4, 2)),
                            alpha=1 if count == threads[-1] else 0.75,
                        )
            panel.set_xscale("log", base=2)
            panel.set_yscale("log")
            panel.set_xticks(sorted({point["value"] for point in points}))
            panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
            panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            panel.yaxis.set_minor_formatter(NullFormatter())
            panel.set_title(title, loc="left", fontweight="bold", fontsize=11)
            panel.set_xlabel(label)
            panel.grid(which="major", color="#dddddd", linewidth=0.8)
            panel.grid(which="minor", axis="y", color="#eeeeee", linewidth=0.5)
            panel.set_axisbelow(True)
            panel.minorticks_off() if axis == "channels" else panel.tick_params(axis="x", which="minor", bottom=False)
            panel.spines[["top", "right"]].set_visible(False)
            panel.tick_params(axis="x", labelrotation=0, labelsize=9)
            # All samplings alike, so that they can be compared across panels.
            alike = ("size", "channels") if axis in ("size", "channels") else (axis,)
            times = [each for point in report["growth"] if point["axis"] in alike for each in point["ns"].values()]
            low, high = min(times, default=1), max(times, default=10)
            # Steps of 1, 2, 5 where there is room for them.
            steps = (1, 2, 5) if high < 300 * low else (1,)
            ticks = [step * 10**power for power in range(-3, 7) for step in steps]
            panel.set_ylim(low / 1.3, high * 1.3)
            panel.set_yticks([tick for tick in ticks if low / 1.3 <= tick <= high * 1.3])
            if axis in ("size", "inverse"):
                panel.set_ylabel("ns per number of the result" if axis == "size" else "ns per pixel")
        present = [who for who in colours if any(who in point["ns"] for point in report["growth"])]
        handles = [
            Line2D([], [], color=colours[who], marker=marks[who], markersize=5, linewidth=2, label=labels[who]) for who in present
        ]
        if len(threads) > 1:
            for count in threads:
                dash = "-" if count == threads[-1] else (0, (4, 2))
                name = f"{count} thread" + ("s" if count > 1 else "")
                handles.append(Line2D([], [], color="#555555", linestyle=dash, linewidth=1.6, label=name))
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
        figure.suptitle("f32, smooth maps, results allocated: time against size and channels", x=0.01, ha="left")
        figure.savefig(path, dpi=160)
        plt.close(figure)


# Memory


def memory(counts: list[int], options: argparse.Namespace, report: dict[str, Any]) -> None:
    words = [word for word in options.only.split(",") if word]
    print(f"peak memory of one call beyond its inputs and its result, MiB; at most {ALLOWED_MIB} are allowed")
    print()
    print(f"{'workload':20} {'what':32} " + " ".join(f"{f'{count} thr':>8}" for count in counts))
    print("-" * (53 + 9 * len(counts)))
    for name, (what, _, _) in MEMORY.items():
        if words and not any(word in name for word in words):
            continue
        cells, kept = [], True
        for count in counts:
            command = [sys.executable, str(HERE / "worker.py"), str(count), "--memory", name, "--without", options.without]
            command += ["--divide", str(options.divide)]
            done = subprocess.run(command, env=environment(count), stdout=subprocess.PIPE, text=True, encoding="utf-8")
            result = json.loads(done.stdout) if done.returncode == 0 else {"error": f"ended with {done.returncode}"}
            report["memory"].append({"workload": name, "what": what, "threads": count, **result})
            if "overhead" in result:
                mib = result["overhead"] / 2**20
                kept &= mib <= ALLOWED_MIB
                cells.append(f"{mib:8.1f}")
            else:
                cells.append(f"{result.get('skipped') or result['error']:>8}")
        verdict = (
            ""
            if not any("overhead" in one for one in report["memory"] if one["workload"] == name)
            else "met"
            if kept
            else "missed"
        )
        print(f"{name:20} {what:32} {' '.join(cells)}  {verdict}", flush=True)


def header(report: dict[str, Any], options: argparse.Namespace) -> None:
    about, versions = report["machine"], report["versions"]
    memory = f", {about['memory'] / 2**30:.0f} GiB" if about["memory"] else ""
    print(f"displace {versions['displace']}, {report['date']}")
    print(f"{about['cpu']}, {about['cores']} cores{memory}; {about['system']}, {' '.join(about['simd']) or 'SIMD unknown'}")
    listed = ", ".join(f"{NAMES.get(name, name)} {version}" for name, version in versions.items() if name != "displace")
    print(f"Python {about['python']}, {listed}")
    print(f"threads {', '.join(map(str, report['threads']))}; {options.repeat} repeats")
    if report["missing"]:
        wanted = ", ".join(PACKAGES[name] for name in report["missing"])
        print(f"missing: {wanted}; pip install -r bench/requirements.txt")
    if options.quick:
        print(f"quick: sides divided by {options.divide}, few repeats, nothing is judged")
    print()


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="workloads: " + ", ".join(each.name for each in WORKLOADS),
    )
    parser.add_argument("--only", metavar="NAME[,NAME]", default="", help="workloads whose name contains one of these")
    parser.add_argument("--threads", metavar="N[,N]", default="1,all", help="numbers of threads, or all (default: 1,all)")
    parser.add_argument("--repeat", metavar="N", type=int, help="repeats of each contestant (default: 9, quick: 3)")
    parser.add_argument("--quick", action="store_true", help="sides divided by 8 and few repeats: to see that it works")
    parser.add_argument(
        "--json", metavar="FILE", help="write every figure: medians, quartiles, samples, checks, versions, machine"
    )
    parser.add_argument("--growth", metavar="PNG|SVG", help="instead of the table: time against size and channels, drawn")
    parser.add_argument("--memory", action="store_true", help="instead of the table: peak memory, each case in a fresh process")
    parser.add_argument("--without", metavar="PEER[,PEER]", default="", help=f"leave these out: {', '.join(PEERS)}")
    parser.add_argument("--no-compile", action="store_true", help="no torch.compile among torch's forms (it takes half a minute)")
    options = parser.parse_args()
    options.repeat = options.repeat or (3 if options.quick else 9)
    if options.repeat < 1:
        parser.error("--repeat must be 1 or more")
    options.divide, options.shortest = (8, 0.002) if options.quick else (1, 0.02)
    try:
        counts = [cores() if text == "all" else int(text) for text in options.threads.split(",")]
    except ValueError:
        parser.error(f"--threads {options.threads}: expected whole numbers or all, with commas between")
    if min(counts) < 1:
        parser.error("--threads must be 1 or more")
    options.counts = list(dict.fromkeys(counts))
    unknown = set(filter(None, options.without.split(","))) - set(PEERS)
    if unknown:
        parser.error(f"--without {', '.join(sorted(unknown))}: the peers are {', '.join(PEERS)}")
    if options.growth and Path(options.growth).suffix.lower() not in (".png", ".svg"):
        parser.error("--growth writes .png or .svg")
    return options


def main() -> None:
    options = arguments()
    report: dict[str, Any] = {
        "format": 1,
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "threads": options.counts,
        "options": {"repeat": options.repeat, "quick": options.quick, "divide": options.divide, "only": options.only},
        "results": [],
        "rows": [],
        "growth": [],
        "memory": [],
        "notes": [],
        "warnings": [],
    }
    workers = [Worker(count, options) for count in options.counts[: 1 if options.memory else None]]
    try:
        report |= workers[0].ask(describe=True)
        report["machine"]["simd_of"] = report.pop("simd")
        header(report, options)
        if options.memory:
            workers.pop().close()
            memory(options.counts, options, report)
        elif options.growth:
            growth(workers, options, report)
        else:
            table(workers, options, report)
    finally:
        for worker in workers:
            worker.close()
        if options.json:
            Path(options.json).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
