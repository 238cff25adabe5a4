// Runs every imported network in TensorFlow.js on a fixed input and writes what came out to
// tests/nn/golden/<network>.json, against which tests/nn/parity_test.cc holds the C++ side.
// See README.md beside this file for how to call it.

import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseArgs } from 'node:util';

const TFJS_VERSION = '4.22.0';
const SAMPLES_PER_OUTPUT = 32;

// The range of the hash noise that stands for an image; what each network's normalisation gives.
const INPUT_RANGE = {
  blazeface_front: [-1, 1],
  blazeface: [-1, 1],
  facemesh: [0, 1],
  iris: [0, 1],
  dlib_resnet: [-0.5, 0.5],
  faceres: [-128, 128],
  mobileface: [0, 255],
  // Of [-1, 1], and noise of that size saturates the softmax: 0.99998 for one mood.
  emotion: [-0.2, 0.2],
};

// A bijection of 32-bit integers in which every input bit moves every output bit (multipliers from
// C. Wellons' search for low-bias hashes). tests/nn/hash_input.h has the same in C++.
function hash32(x) {
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  x ^= x >>> 16;
  return x >>> 0;
}

// Element i, in NCHW order, is low + (high − low)·h/2²⁴ with h the upper 24 bits of hash32(i + 1).
// The sum is exact in double and rounded once to float, hence the same in every language.
function hashInputNhwc([channels, height, width], [low, high]) {
  const values = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const h = hash32((c * height + y) * width + x + 1) >>> 8;
        values[(y * width + x) * channels + c] = low + (high - low) * (h / 2 ** 24);
      }
    }
  }
  return values;
}

function readShards(folder, groups) {
  const shards = groups.flatMap((group) => group.paths);
  const bytes = Buffer.concat(shards.map((shard) => fs.readFileSync(path.join(folder, shard))));
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
}

async function runGraphModel(tf, jsonFile, outputNodes, input) {
  const model = JSON.parse(fs.readFileSync(jsonFile, 'utf8'));
  const graph = await tf.loadGraphModel({
    load: async () => ({
      modelTopology: model.modelTopology,
      format: model.format,
      signature: model.signature,
      userDefinedMetadata: model.userDefinedMetadata,
      weightSpecs: model.weightsManifest.flatMap((group) => group.weights),
      weightData: readShards(path.dirname(jsonFile), model.weightsManifest),
    }),
  });
  const results = graph.execute(input, outputNodes);
  return Array.isArray(results) ? results : [results];
}

// The face-api network has no topology file; this is its forward pass in TensorFlow.js operations.
function runDlibResnet(tf, manifestFile, input) {
  const groups = JSON.parse(fs.readFileSync(manifestFile, 'utf8'));
  const specs = groups.flatMap((group) => group.weights);
  const weights = tf.io.decodeWeights(readShards(path.dirname(manifestFile), groups), specs);

  const convolve = (x, name, stride, padding) => {
    const raw = tf.conv2d(x, weights[`${name}/conv/filters`], stride, padding);
    const biased = raw.add(weights[`${name}/conv/bias`]);
    return biased.mul(weights[`${name}/scale/weights`]).add(weights[`${name}/scale/biases`]);
  };
  const residual = (x, name, halves) => {
    let branch = convolve(x, `${name}/conv1`, halves ? 2 : 1, halves ? 'valid' : 'same').relu();
    branch = convolve(branch, `${name}/conv2`, 1, 'same');
    let shortcut = halves ? tf.avgPool(x, 2, 2, 'valid') : x;
    const [, height, width, channels] = shortcut.shape.map((n, i) => Math.max(n, branch.shape[i]));
    const grow = (t) => tf.pad(t, [[0, 0], [0, height - t.shape[1]], [0, width - t.shape[2]],
      [0, channels - t.shape[3]]]);
    return grow(shortcut).add(grow(branch)).relu();
  };

  let x = tf.maxPool(convolve(input, 'conv32_down', 2, 'valid').relu(), 3, 2, 'valid');
  for (const name of ['conv32_1', 'conv32_2', 'conv32_3', 'conv64_down', 'conv64_1', 'conv64_2',
    'conv64_3', 'conv128_down', 'conv128_1', 'conv128_2', 'conv256_down', 'conv256_1', 'conv256_2',
    'conv256_down_out']) {
    x = residual(x, name, name.includes('down'));
  }
  return [tf.matMul(x.mean([1, 2]), weights.fc)];
}

function summarise(name, values) {
  const count = values.length;
  // Half of the samples are hashed; an even step would meet the same coordinate of every box. The
  // other half are the largest values, for descriptors that are zero almost everywhere.
  const half = SAMPLES_PER_OUTPUT / 2;
  const hashed = Array.from({ length: half }, (_, k) => hash32(k + 1) % count);
  const byMagnitude = Array.from(values.keys());
  byMagnitude.sort((a, b) => Math.abs(values[b]) - Math.abs(values[a]));
  const indices = [...new Set([...hashed, ...byMagnitude.slice(0, half)])].sort((a, b) => a - b);
  const sumOfSquares = values.reduce((sum, value) => sum + value * value, 0);
  return {
    name,
    count,
    l2_norm: Math.sqrt(sumOfSquares),
    indices,
    values: indices.map((i) => Number(values[i].toPrecision(9))),
  };
}

// One line per array, so that a changed golden reads well in a diff.
function format(golden) {
  const text = JSON.stringify(golden, null, 2);
  const arrays = /\[\s+([-\d.,e+\s]+?)\s+\]/g;
  return `${text.replace(arrays, (_, list) => `[${list.replace(/\s+/g, ' ')}]`)}\n`;
}

async function main() {
  const { values: options } = parseArgs({
    options: {
      'npm-root': { type: 'string' },
      models: { type: 'string' },
      tfjs: { type: 'string' },
      out: { type: 'string' },
    },
  });
  for (const name of ['npm-root', 'models', 'tfjs', 'out']) {
    if (!options[name]) throw new Error(`--${name} is missing; see README.md beside this script.`);
  }
  const require = createRequire(path.resolve(options.tfjs, 'package.json'));
  const tf = require('@tensorflow/tfjs');
  if (tf.version.tfjs !== TFJS_VERSION) {
    throw new Error(`TensorFlow.js is ${tf.version.tfjs}, expected ${TFJS_VERSION}.`);
  }
  // Plain loops over float32 accumulators: no reordering, quantising or fused approximations.
  await tf.setBackend('cpu');

  for (const [network, range] of Object.entries(INPUT_RANGE)) {
    const manifestFile = path.join(options.models, `${network}.json`);
    const manifest = JSON.parse(fs.readFileSync(manifestFile, 'utf8'));
    const { source, contract } = manifest;
    const sourceFile = path.join(options['npm-root'], source.package, source.files[0].path);
    for (const file of source.files) {
      const bytes = fs.readFileSync(path.join(options['npm-root'], source.package, file.path));
      if (createHash('sha256').update(bytes).digest('hex') !== file.sha256) {
        throw new Error(`${file.path} of ${source.package} is not what ${network} came from.`);
      }
    }
    const [channels, height, width] = contract.input_chw;
    const input = tf.tensor4d(hashInputNhwc(contract.input_chw, range),
      [1, height, width, channels]);
    const results = network === 'dlib_resnet'
      ? runDlibResnet(tf, sourceFile, input)
      : await runGraphModel(tf, sourceFile, source.output_nodes, input);
    const golden = {
      network,
      generator: `@tensorflow/tfjs ${TFJS_VERSION}, backend ${tf.getBackend()}`,
      source: `${source.package} ${source.version}, ${source.files[0].path}`,
      input: { low: range[0], high: range[1] },
      outputs: results.map((result, i) => summarise(contract.outputs[i].name, result.dataSync())),
    };
    fs.writeFileSync(path.join(options.out, `${network}.json`), format(golden));
    const norms = golden.outputs.map((output) => `${output.name} ${output.l2_norm.toPrecision(6)}`);
    console.log(`${network}: L2 norms ${norms.join(', ')}`);
  }
}

await main();
