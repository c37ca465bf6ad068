"""The process that measures: one for each number of threads, so that every library starts with its own.

Started by compare.py. Takes requests as lines of JSON, answers each with one. With `--memory CASE` it measures that and ends.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import statistics
import sys
import time
from typing import Any

import numpy as np
from workloads import MEMORY, WORKLOADS, Case, Contestant, Libraries, growth_case

# A contestant that has taken this long, in seconds, with so many samples, is measured no further.
ENOUGH_SECONDS, ENOUGH_SAMPLES = 3.0, 3
# After others have run: their threads wait for more work before they sleep, and would take our cores.
PAUSE = 0.005


def add_copies(case: Case, lib: Libraries) -> None:
    """The limit: as many bytes moved, half of them read and half written."""
    count = case.bytes // 8
    source, into = (np.ones(count, np.float32) for _ in range(2))
    new = min(case.result_bytes // 4, count)
    torch = lib.torch
    if case.copy == "numpy" and lib.threads == 1:
        case.add("copy", "NumPy", lambda: np.copyto(into, source), None, True)

        def fresh():
            result = np.empty(new, np.float32)
            np.copyto(result, source[:new])
            np.copyto(into[new:], source[new:])
            return result

        case.add("copy", "NumPy", fresh, None)
    elif case.copy == "numpy" and not torch:
        pool, step = lib.pool, math.ceil(count / lib.threads)

        def share(first, to, start):
            np.copyto(to[start : start + step], first[start : start + step])

        def run(first, to):
            list(pool.map(lambda start: share(first, to, start), range(0, len(first), step)))
            return to

        def fresh_shared():
            result = run(source[:new], np.empty(new, np.float32))
            run(source[new:], into[new:])
            return result

        case.add("copy", "NumPy, threads", lambda: run(source, into), None, True)
        case.add("copy", "NumPy, threads", fresh_shared, None)
    if torch:
        first, to = torch.from_numpy(source), torch.from_numpy(into)
        empty = (lambda: torch.from_numpy(np.empty(new, np.float32))) if case.copy == "numpy" else (lambda: torch.empty(new))

        def fresh_torch():
            result = empty().copy_(first[:new])
            to[new:].copy_(first[new:])
            return result

        case.add("copy", "torch", lambda: to.copy_(first), None, True)
        case.add("copy", "torch", fresh_torch, None)


def compare(case: Case) -> list[dict[str, Any]]:
    """Whether all contestants compute the same; ours, returned, is what the others are held against."""
    checks, reference = [], None
    for who, form, out, call, result in case.contestants:
        if result is None:
            continue
        found = [np.array(array) for array in result(call())]
        if reference is None:
            reference = found
        check: dict[str, Any] = {"who": who, "form": form, "out": out, "tolerance": case.tolerance}
        check["finite"] = all(bool(np.isfinite(array).all()) for array in found)
        if [array.shape for array in found] != [array.shape for array in reference]:
            check |= {"ok": False, "difference": None, "inside": None, "share": 1.0}
            checks.append(check)
            continue
        largest, within, share = 0.0, 0.0, 0.0
        for array, expected in zip(found, reference, strict=True):
            scale = max(1.0, float(np.abs(expected).max()))
            if array.dtype.kind == "u":
                apart = np.abs(array.astype(np.int16) - expected) / scale
            else:
                apart = np.abs(array - expected) / scale
            largest = max(largest, float(apart.max()))
            share = max(share, float((apart > case.tolerance * (1 + 1e-6)).mean()))
            if case.inside is not None:
                within = max(within, float(np.where(case.inside, apart, 0).max()))
        check |= {"difference": largest, "inside": within if case.inside is not None else None, "share": share}
        check["ok"] = check["finite"] and share <= case.outliers
        checks.append(check)
    return checks


def seconds(call: Any, loops: int) -> float:
    start = time.perf_counter()
    for _ in range(loops):
        call()
    return (time.perf_counter() - start) / loops


def measure(contestants: list[Contestant], repeat: int, shortest: float) -> list[dict[str, Any]]:
    """In turns, each round beginning with another contestant; medians and quartiles."""
    plans, samples = [], []
    for contestant in contestants:
        once = seconds(contestant.call, 1)
        if once < 10 * shortest:
            # The first call may do things that later ones do not.
            loops = max(1, min(1000, int(shortest / 10 / max(once, 1e-7))))
            once = min(seconds(contestant.call, loops) for _ in range(2))
        plans.append((max(1, math.ceil(shortest / max(once, 1e-7))), once))
        samples.append([])
    gc.collect()
    gc.disable()
    try:
        for turn in range(repeat):
            for k in range(len(contestants)):
                k = (k + turn) % len(contestants)
                loops, once = plans[k]
                if len(samples[k]) >= ENOUGH_SAMPLES and sum(samples[k]) * loops > ENOUGH_SECONDS:
                    continue
                time.sleep(PAUSE)
                if once < 0.05:
                    # Its threads awake, its code and small data in cache.
                    contestants[k].call()
                samples[k].append(seconds(contestants[k].call, loops))
    finally:
        gc.enable()
    results = []
    for contestant, taken, (loops, _) in zip(contestants, samples, plans, strict=True):
        low, middle, high = statistics.quantiles(taken, n=4, method="inclusive") if len(taken) > 1 else taken * 3
        results.append(
            {
                "who": contestant.who,
                "form": contestant.form,
                "out": contestant.out,
                "median": middle,
                "quartiles": [low, high],
                "samples": taken,
                "loops": loops,
            }
        )
    return results


def answer(request: dict[str, Any], lib: Libraries) -> dict[str, Any]:
    if "describe" in request:
        versions = {"displace": lib.displace.__version__, "numpy": np.__version__}
        for name in ("torch", "cv2", "scipy", "kornia"):
            module = getattr(lib, name)
            if module:
                versions[name] = str(sys.modules[module.__name__.partition(".")[0]].__version__)
        if lib.sitk:
            versions["sitk"] = lib.sitk.Version_VersionString()
        simd = {"torch": lib.torch.backends.cpu.get_cpu_capability()} if lib.torch else {}
        if lib.cv2:
            simd["cv2"] = lib.cv2.getCPUFeaturesLine()
        own = "set_num_threads" if hasattr(lib.displace, "set_num_threads") else "RAYON_NUM_THREADS"
        return {"versions": versions, "missing": lib.missing, "simd": simd, "threads_by": own}
    if "growth" in request:
        case = growth_case(lib, *request["growth"])
        return {"elements": case.elements, "contestants": measure(case.contestants, request["repeat"], request["shortest"])}
    workload = next(each for each in WORKLOADS if each.name == request["workload"])
    lacking = [need for need in workload.needs if need in lib.missing]
    if lacking:
        return {"skipped": f"needs {', '.join(lacking)}"}
    case = workload.build(lib, request["divide"])
    checks = compare(case)
    if case.bytes >= 1 << 20 and case.copy:
        add_copies(case, lib)
    return {
        "elements": case.elements,
        "bytes": case.bytes,
        "result_bytes": case.result_bytes,
        "checks": checks,
        "contestants": measure(case.contestants, request["repeat"], request["shortest"]),
    }


def peak() -> int:
    """The most memory that this process has had, in bytes."""
    import resource  # not on Windows, where all but memory works

    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return largest if sys.platform == "darwin" else largest * 1024


def resident() -> int:
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except FileNotFoundError:
        return peak()


def memory(name: str, lib: Libraries, divide: int) -> dict[str, Any]:
    """What one call takes beyond its inputs and its result."""
    _, needs, build = MEMORY[name]
    lacking = [need for need in needs if need in lib.missing]
    if lacking:
        return {"skipped": f"needs {', '.join(lacking)}"}
    held = build(lib, divide)
    if lib.torch:
        # The first torch.autograd.grad of a process imports modules, 36 MiB of them, whatever it is called for.
        leaf = lib.torch.zeros(1, requires_grad=True)
        lib.torch.autograd.grad(leaf * 2, leaf, lib.torch.ones(1))
    gc.collect()
    # The result's memory, touched: from here on the peak counts it. Then what the peak has above the present is filled, so
    # that nothing hides below it.
    results = np.ones(held.results, np.uint8)
    ballast = []
    while peak() - resident() > 1 << 16:
        ballast.append(np.ones(peak() - resident(), np.uint8))
    before = peak()
    del results
    kept = held.call()
    after = peak()
    del kept
    return {"before": before, "after": after, "overhead": after - before}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("threads", type=int)
    options.add_argument("--without", default="")
    options.add_argument("--no-compile", action="store_true")
    options.add_argument("--memory")
    options.add_argument("--divide", type=int, default=1)
    given = options.parse_args()
    # Answers go where the output went; whatever a library prints goes to the errors.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    without = tuple(filter(None, given.without.split(",")))
    if given.memory:
        # Only what the call needs: the peers' own memory would be in the baseline.
        needs = MEMORY[given.memory][1]
        lib = Libraries(given.threads, (*without, *({"torch", "cv2", "sitk", "scipy", "kornia", "oflib", "vision"} - set(needs))))
        print(json.dumps(memory(given.memory, lib, given.divide)), file=answers, flush=True)
        return
    lib = Libraries(given.threads, without, not given.no_compile)
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), lib)
        except Exception as error:
            reply = {"error": f"{type(error).__name__}: {error}"}
        gc.collect()
        try:
            print(json.dumps(reply), file=answers, flush=True)
        except BrokenPipeError:  # nobody listens any more
            os._exit(1)


if __name__ == "__main__":
    main()
