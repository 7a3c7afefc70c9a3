
// Shared: tiles of keys and values in workgroup memory.

const TILE = {{ tile }}u;

//[ _ in 0..shared
var<workgroup> k_tile: array<vec4<f32>, TILE * QUADS>;
var<workgroup> v_tile: array<vec4<f32>, TILE * QUADS>;

// Load `count` keys and values from number `start` on; all invocations of the workgroup must call it together.
fn load_tiles(lane: u32, k_first: u32, v_first: u32, start: u32, count: u32) {
    workgroupBarrier();
    for (var e = lane; e < count * QUADS; e = e + {{ workgroup }}u) {
        let source = (start + e / QUADS) * params.kv_step + e % QUADS;
        k_tile[e] = kv[k_first + source];
        v_tile[e] = kv[v_first + source];
    }
    workgroupBarrier();
}
//]
