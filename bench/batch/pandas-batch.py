"""Scores a CSV table with onnxruntime, chunk by chunk, as one does with pandas; prints how many rows."""

import sys

import numpy
import onnxruntime
import pandas

model, source, target = sys.argv[1:]
options = onnxruntime.SessionOptions()
session = onnxruntime.InferenceSession(model, options)
columns = ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]
rows = 0
with open(target, "w") as output:
    for chunk in pandas.read_csv(source, chunksize=10_000):
        (scores,) = session.run(None, {"features": chunk[columns].to_numpy(numpy.float32)})
        frame = pandas.DataFrame({"row": range(rows, rows + len(chunk)), "result": scores[:, 0]})
        frame.to_csv(output, index=False, header=rows == 0)
        rows += len(chunk)
print(rows)
