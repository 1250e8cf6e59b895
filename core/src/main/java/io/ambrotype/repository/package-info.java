/**
 * The repository, format 1: snapshots named by their manifests, dumps named by their content. Everything here stands on
 * the storage package; the byte-level description is docs/FORMAT.md.
 */
@NullMarked
package io.ambrotype.repository;

import org.jspecify.annotations.NullMarked;
