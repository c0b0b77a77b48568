//! Tests of loading: errors, merging, bundles.
